"""Peers of the sharing policy: cedarpy, jwcrypto, cryptography, rfc8785, python-stdnum, detect-secrets.

sharing-policy.py MODE, JSON on standard input and output.
"""
import base64
import hashlib
import json
import os
import sys
import tempfile


def verify(cases):
    """[document, jws, x of the key, schema] -> [holds by jwcrypto, holds by cryptography, digest of the document]."""
    import rfc8785
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from jwcrypto import jwk, jws as jose

    answers = []
    for document, compact, x, schema in cases:
        payload = rfc8785.dumps(document)
        header, _, signature = compact.split(".")
        key = jwk.JWK(kty="OKP", crv="Ed25519", x=x)
        try:
            token = jose.JWS()
            token.allowed_algs = ["EdDSA"]
            token.deserialize(compact)
            token.verify(key, detached_payload=payload)
            by_jose = json.loads(token.objects["protected"]).get("typ") == schema
        except Exception:
            by_jose = False
        encoded = base64.urlsafe_b64encode(payload).rstrip(b"=")
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)))
            public.verify(raw, header.encode() + b"." + encoded)
            by_pyca = True
        except InvalidSignature:
            by_pyca = False
        answers.append([by_jose, by_pyca, hashlib.sha256(payload).hexdigest()])
    return answers


def cedar(question):
    """{policies, schema, requests} -> [allowed, policies that decided by @id] for each."""
    import cedarpy

    # cedarpy names policies by their order in the text.
    answers = []
    for request in question["requests"]:
        result = cedarpy.is_authorized(
            {
                "principal": '%s::"%s"' % (request["principal"]["type"], request["principal"]["id"]),
                "action": 'Action::"%s"' % request["action"],
                "resource": '%s::"%s"' % (request["resource"]["type"], request["resource"]["id"]),
                "context": request["context"],
            },
            question["policies"],
            [
                {"uid": {"type": e["type"], "id": e["id"]}, "attrs": e["attributes"], "parents": []}
                for e in (request["principal"], request["resource"])
            ],
            schema=question["schema"],
        )
        answers.append([result.allowed, sorted(result.diagnostics.reasons), [str(e) for e in result.diagnostics.errors]])
    return answers


def numbers(cases):
    """[kind, number] -> bool by python-stdnum."""
    from stdnum import iban, luhn
    from stdnum.br import cpf
    from stdnum.cn import ric
    from stdnum.de import idnr
    from stdnum.es import dni, nie
    from stdnum.fr import nir
    from stdnum.in_ import aadhaar
    from stdnum.it import codicefiscale
    from stdnum.pl import pesel

    judges = {
        "luhn": luhn.is_valid,
        "iban": lambda n: iban.is_valid(n, check_country=False),
        "cpf": cpf.is_valid,
        "ric": ric.is_valid,
        "idnr": idnr.is_valid,
        "spanish": lambda n: dni.is_valid(n) or nie.is_valid(n),
        "nir": nir.is_valid,
        "aadhaar": aadhaar.is_valid,
        "codice": codicefiscale.is_valid,
        "pesel": pesel.is_valid,
    }
    return [bool(judges[kind](number)) for kind, number in cases]


def generate(count):
    """Numbers that python-stdnum made valid: check digits computed there."""
    import random

    from stdnum import luhn
    from stdnum.br import cpf
    from stdnum.cn import ric
    from stdnum.de import idnr
    from stdnum.es import dni
    from stdnum.fr import nir
    from stdnum.iso7064 import mod_97_10

    draw = random.Random(20261123)
    digits = lambda n: "".join(draw.choice("0123456789") for _ in range(n))
    made = []
    for _ in range(count):
        card = digits(15)
        made.append(["luhn", card + luhn.calc_check_digit(card)])
        body = "37040044" + digits(10)
        made.append(["iban", "DE" + mod_97_10.calc_check_digits(body + "DE") + body])
        person = digits(9)
        made.append(["cpf", person + cpf._calc_check_digits(person)])
        resident = "110105%04d%02d%02d%s" % (draw.randint(1950, 2010), draw.randint(1, 12), draw.randint(1, 28), digits(3))
        made.append(["ric", resident + ric.calc_check_digit(resident + "0")])
        number = digits(8)
        made.append(["spanish", number + dni.calc_check_digit(number)])
        french = "%d%02d%02d75%s" % (draw.randint(1, 2), draw.randint(0, 99), draw.randint(1, 12), digits(6))
        made.append(["nir", french + nir.calc_check_digits(french)])
    return made


def secrets(texts):
    """Kinds of secrets that detect-secrets sees in each text."""
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    found = []
    for text in texts:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf8") as file:
            file.write(text + "\n")
        with default_settings():
            collection = SecretsCollection()
            collection.scan_file(file.name)
            found.append(sorted({secret.type for _, secret in collection}))
        os.unlink(file.name)
    return found


mode = sys.argv[1]
if mode == "generate":
    print(json.dumps(generate(int(sys.argv[2]))))
else:
    print(json.dumps({"verify": verify, "cedar": cedar, "numbers": numbers, "secrets": secrets}[mode](json.load(sys.stdin))))
