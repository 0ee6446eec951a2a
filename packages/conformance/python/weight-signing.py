"""Judges of model signatures: model_signing signs and verifies, cyclonedx validates. One JSON list of jobs on standard input, one of answers out."""

import base64
import contextlib
import importlib.resources
import io
import json
import pathlib
import sys
import tempfile

try:
    import jsonschema
    import model_signing
    import referencing
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit(0)

STORE = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
PYTHON_NAMES = {"sha256": "sha256", "blake2b": "blake2", "blake3": "blake3"}


def hashing_of(job):
    config = model_signing.hashing.Config()
    name = PYTHON_NAMES[job.get("hash", "sha256")]
    if job.get("shards"):
        config = config.use_shard_serialization(hashing_algorithm=name, shard_size=job["shards"])
    else:
        config = config.use_file_serialization(hashing_algorithm=name)
    ignored = [pathlib.Path(path) for path in job.get("ignore", [])]
    return config.set_ignored_paths(paths=ignored, ignore_git_paths=True).set_allow_symlinks(
        job.get("links", False)
    )


def stored(name):
    return importlib.resources.files("sigstore._store").joinpath(STORE, name).read_text()


def trust_config(folder):
    path = pathlib.Path(folder) / "trust.json"
    path.write_text(
        json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": json.loads(stored("trusted_root.json")),
                "signingConfig": json.loads(stored("signing_config.v0.2.json")),
            }
        )
    )
    return path


def verify(job, folder):
    config = model_signing.verifying.Config()
    if "publicKey" in job:
        config = config.use_elliptic_key_verifier(public_key=pathlib.Path(job["publicKey"]))
    elif "roots" in job:
        config = config.use_certificate_verifier(certificate_chain=[pathlib.Path(job["roots"])])
    else:
        config = config.use_sigstore_verifier(
            identity=job["subject"], oidc_issuer=job["issuer"], trust_config=trust_config(folder)
        )
    signature = pathlib.Path(folder) / "judged.sig"
    signature.write_text(job["bundle"], encoding="utf-8")
    config.set_hashing_config(hashing_of(job)).set_ignore_unsigned_files(
        job.get("allowUnlisted", False)
    ).verify(pathlib.Path(job["model"]), signature)


def sign(job, folder):
    config = model_signing.signing.Config()
    key = pathlib.Path(job["key"])
    if "certificate" in job:
        config = config.use_certificate_signer(
            private_key=key,
            signing_certificate=pathlib.Path(job["certificate"]),
            certificate_chain=[pathlib.Path(job["chain"])],
        )
    else:
        config = config.use_elliptic_key_signer(private_key=key)
    path = pathlib.Path(folder) / "made.sig"
    config.set_hashing_config(hashing_of(job)).sign(pathlib.Path(job["model"]), path)
    return path.read_text(encoding="utf-8")


def check_schemas(job):
    folder = pathlib.Path(job["schemas"])
    schemas = [json.loads(path.read_text()) for path in folder.glob("*.schema.json")]
    registry = referencing.Registry().with_resources(
        [(schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas]
    )
    by_name = {schema["$id"].split("/")[-3]: schema for schema in schemas}
    bundle = json.loads(job["bundle"])
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    for name, value in [("bundle", bundle), ("statement", statement)]:
        jsonschema.Draft202012Validator(by_name[name], registry=registry).validate(value)


def answer(job, folder):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if job["do"] == "verify":
                verify(job, folder)
                return {"ok": True}
            if job["do"] == "sign":
                return {"ok": True, "bundle": sign(job, folder)}
            if job["do"] == "trusted-root":
                return {"ok": True, "text": stored("trusted_root.json")}
            if job["do"] == "schemas":
                check_schemas(job)
                return {"ok": True}
            error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(job["bom"])
            return {"ok": error is None, "error": str(error)[:500]}
    except Exception as error:  # whatever the reference stumbles over is a refusal
        return {"ok": False, "error": f"{type(error).__name__}: {error}"[:500]}


with tempfile.TemporaryDirectory() as folder:
    print(json.dumps([answer(job, folder) for job in json.load(sys.stdin)]))
