#!/usr/bin/env python3
"""Checks an evidence bundle offline, with the standard library and the openssl command.

    python3 verify.py FOLDER [--log-key KEY] [--statement-key FILE] [--identity FILE]

KEY is the verifier key of the log as you got it elsewhere; without it the one in the bundle is used and printed. FILE
after --identity is an age identity; it needs the age command. Prints a line for each link; the first that breaks ends
the check with exit code 1. The format is docs/spec/evidence-bundle.md of Phalanx.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

GROUPS = ["who", "request", "response", "prompt", "completion", "detector"]
LEAF_BYTES = 257
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")


class Broken(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Broken(what)


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def b64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "Base64 in another form")
    return raw


class Bundle:
    def __init__(self, folder):
        self.folder = folder

    def read(self, path):
        with open(os.path.join(self.folder, path), "rb") as file:
            return file.read()

    def lines(self, path):
        with open(os.path.join(self.folder, path), "rb") as file:
            for line in file:
                need(line.endswith(b"\n"), f"{path}: the last line is not ended")
                yield json.loads(line)

    def has(self, path):
        return os.path.isfile(os.path.join(self.folder, path))


def check_files(bundle):
    """RFC 8493: each manifest, and nothing beside what it lists."""
    listed = {}
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in bundle.read(manifest).decode().splitlines():
            match = re.fullmatch(r"([0-9a-f]{64})  (\S.*)", line)
            need(match, f"{manifest}: {line!r}")
            path = match.group(2)
            need(not os.path.isabs(path) and ".." not in path.split("/"), f"{manifest}: {path!r}")
            need(path not in listed, f"{path} is listed twice")
            listed[path] = match.group(1)
    found = set()
    for root, folders, files in os.walk(bundle.folder):
        for name in folders + files:
            need(not os.path.islink(os.path.join(root, name)), f"{name} is a link")
        found.update(os.path.relpath(os.path.join(root, name), bundle.folder).replace(os.sep, "/") for name in files)
    found.discard("tagmanifest-sha256.txt")
    need(found == set(listed), f"not as listed: {sorted(found ^ set(listed))[:3]}")
    for path, expected in listed.items():
        digest = hashlib.sha256()
        with open(os.path.join(bundle.folder, path), "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        need(digest.hexdigest() == expected, f"{path} was altered")
    return listed, f"{len(listed)} files as listed"


def run_openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True)


def verify_signature(key_pem, message, signature, raw):
    """Ed25519 over the message (raw), or ECDSA over its SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, content in (("key", key_pem), ("message", message), ("signature", signature)):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "wb") as file:
                file.write(content)
        if raw:
            done = run_openssl("pkeyutl", "-verify", "-pubin", "-inkey", paths["key"], "-rawin",
                               "-in", paths["message"], "-sigfile", paths["signature"])
        else:
            done = run_openssl("dgst", "-sha256", "-verify", paths["key"], "-signature", paths["signature"],
                               paths["message"])
        return done.returncode == 0


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def check_statement(bundle, listed, key_pem):
    """DSSE, in-toto, and that the files it is about are those in the bundle."""
    envelope = json.loads(bundle.read("data/statements/claims.dsse.json"))
    payload = b64(envelope["payload"])
    signature = b64(envelope["signatures"][0]["sig"])
    signed = pae(envelope["payloadType"].encode(), payload)
    need(verify_signature(key_pem, signed, signature, raw=False), "the statement is not signed by this key")
    statement = json.loads(payload)
    need(statement["_type"] == "https://in-toto.io/Statement/v1", "no in-toto statement")
    need(statement["predicateType"] == "urn:phalanx:evidence-claims:v1", "a statement about something else")
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    for path, digest in subjects.items():
        need(listed.get(path) == digest, f"{path} is not the file that was signed for")
    about = {path for path in listed if path.startswith("data/record/")} | {"data/finding.json"}
    need(about == set(subjects), f"not signed for: {sorted(about ^ set(subjects))[:3]}")
    return statement["predicate"], signed, signature, f"signed for {len(subjects)} files"


def parse_verifier_key(text):
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
    need(match, "no verifier key")
    name, key_id, key = match.group(1), bytes.fromhex(match.group(2)), b64(match.group(3))
    need(key[0] == 1 and len(key) == 33, "no Ed25519 key")
    need(sha256(name.encode(), b"\n", key)[:4] == key_id, "its key id is wrong")
    return name, key_id, key[1:]


def open_checkpoint(note, verifier_key):
    """C2SP signed-note and tlog-checkpoint."""
    name, key_id, key = parse_verifier_key(verifier_key)
    text, _, signatures = note.decode().partition("\n\n")
    text += "\n"
    lines = text.splitlines()
    need(lines[0] == name, f"a checkpoint of {lines[0]}")
    pem = (b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(ED25519_SPKI + key) + b"\n-----END PUBLIC KEY-----\n")
    for line in signatures.splitlines():
        match = re.fullmatch(r"\u2014 (\S+) ([A-Za-z0-9+/=]+)", line)
        need(match, "no signed note")
        raw = b64(match.group(2))
        if match.group(1) == name and raw[:4] == key_id:
            need(verify_signature(pem, text.encode(), raw[4:], raw=True), "the log did not sign the checkpoint")
            root = b64(lines[2])
            need(len(root) == 32 and lines[1].isdigit(), "no checkpoint")
            return int(lines[1]), root
    raise Broken("the log did not sign the checkpoint")


def check_inclusion(leaf_hash, index, size, proof, root):
    """RFC 9162 section 2.1.3.2."""
    need(0 <= index < size, f"entry {index} is not below {size}")
    fn, sn, value = index, size - 1, leaf_hash
    for sibling in proof:
        need(sn != 0, f"the proof of entry {index} is too long")
        if fn & 1 or fn == sn:
            value = sha256(b"\x01", sibling, value)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            value = sha256(b"\x01", value, sibling)
        fn >>= 1
        sn >>= 1
    need(sn == 0 and value == root, f"entry {index} is not in the tree")


def parse_tlog_proof(data):
    head, _, note = data.partition(b"\n\n")
    lines = head.decode().splitlines()
    need(lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index "), "no tlog-proof")
    return int(lines[1][6:]), [b64(line) for line in lines[2:]], note


def check_log(bundle, predicate, signed, signature, key_pem, verifier_key):
    note = bundle.read("data/proofs/checkpoint")
    size, root = open_checkpoint(note, verifier_key)
    der = b"".join(base64.b64decode(line) for line in key_pem.splitlines() if not line.startswith(b"-"))
    statement_leaf = json.dumps(
        {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": base64.b64encode(sha256(signed)).decode()},
            "signature": {"content": base64.b64encode(signature).decode(),
                          "verifier": {"keyDetails": "PKIX_ECDSA_P256_SHA_256",
                                       "publicKey": {"rawBytes": base64.b64encode(der).decode()}}}}}},
        sort_keys=True, separators=(",", ":")).encode()
    need(bundle.read("data/statements/claims-leaf.json") == statement_leaf, "the logged statement is another")
    finding_leaf = bundle.read("data/record/finding-leaf.json")
    for path, leaf in (("data/proofs/claims.tlog-proof", statement_leaf),
                       ("data/proofs/finding.tlog-proof", finding_leaf)):
        index, proof, proof_note = parse_tlog_proof(bundle.read(path))
        need(proof_note == note, f"{path} is about another checkpoint")
        check_inclusion(sha256(b"\x00", leaf), index, size, proof, root)
    need(index == predicate["findingEntry"], "the finding is another entry than was signed for")
    finding = json.loads(finding_leaf)
    need(finding["kind"] == "finding" and finding["findingId"] == predicate["findingId"], "another finding")
    need(finding["reportSha256"] == sha256(bundle.read("data/finding.json")).hex(), "the finding that was logged is another")
    return size, root, f"statement and finding are in the log of {size} entries"


def check_time(bundle):
    """RFC 3161, judged by openssl."""
    path = os.path.join(bundle.folder, "data/timestamps/checkpoint.tsr")
    if not os.path.isfile(path):
        return "no time stamp in the bundle: the times are the operator's word"
    done = run_openssl("ts", "-verify", "-in", path, "-data", os.path.join(bundle.folder, "data/proofs/checkpoint"),
                       "-CAfile", os.path.join(bundle.folder, "data/trust/tsa.pem"))
    need(done.returncode == 0, "the time stamp is not over this checkpoint")
    text = run_openssl("ts", "-reply", "-in", path, "-text").stdout
    return "stamped " + re.search(r"Time stamp: (.*)", text).group(1)


def read_leaves(bundle, predicate):
    """Each chain without a gap, each leaf naming the one before it."""
    leaves, heads, last = {}, {}, -1
    for line in bundle.lines("data/record/leaves.jsonl"):
        index, leaf = line["index"], b64(line["leaf"])
        need(index > last, f"entry {index} is out of order")
        last = index
        need(len(leaf) == LEAF_BYTES and leaf[0] == 1, f"entry {index} is no exchange")
        chain, sequence, previous = leaf[1:17], int.from_bytes(leaf[17:25], "big"), leaf[25:57]
        if chain in heads:
            head_sequence, head_hash, _ = heads[chain]
            need(sequence == head_sequence + 1, f"a leaf is missing before entry {index}")
            need(previous == head_hash, f"entry {index} does not continue its chain")
        heads[chain] = (sequence, sha256(b"\x00", leaf), index)
        leaves[index] = leaf
    need(len(leaves) == predicate["leaves"], f"{len(leaves)} leaves, {predicate['leaves']} were signed for")
    need(len(heads) == predicate["accounts"], f"{len(heads)} chains, {predicate['accounts']} were signed for")
    return leaves, heads, f"{len(leaves)} exchanges in {len(heads)} unbroken chains"


def check_consistency(old_size, old_root, new_size, new_root, proof):
    """RFC 9162 section 2.1.4.2."""
    need(0 < old_size <= new_size, "a dated checkpoint is larger than the log")
    if old_size == new_size:
        need(not proof and old_root == new_root, "a dated checkpoint is of another log")
        return
    if old_size & (old_size - 1) == 0:
        proof = [old_root] + proof
    need(proof, "a proof of consistency is empty")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old, new = proof[0], proof[0]
    for sibling in proof[1:]:
        need(sn != 0, "a proof of consistency is too long")
        if fn & 1 or fn == sn:
            old, new = sha256(b"\x01", sibling, old), sha256(b"\x01", sibling, new)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new = sha256(b"\x01", new, sibling)
        fn >>= 1
        sn >>= 1
    need(old == old_root and new == new_root and sn == 0, "the log does not continue a dated checkpoint")


def check_dates(bundle, verifier_key, leaves, size, root):
    if not bundle.has("data/timestamps/dates.jsonl"):
        return "no earlier time stamps: when the exchanges were logged is the operator's word"
    dates = []
    for line in bundle.lines("data/timestamps/dates.jsonl"):
        note, response = b64(line["note"]), b64(line["response"])
        old_size, old_root = open_checkpoint(note, verifier_key)
        check_consistency(old_size, old_root, size, root, [b64(each) for each in line["consistency"]])
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("note", note), ("stamp", response)):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            done = run_openssl("ts", "-verify", "-in", os.path.join(folder, "stamp"), "-data", os.path.join(folder, "note"),
                               "-CAfile", os.path.join(bundle.folder, "data/trust/tsa.pem"))
        need(done.returncode == 0, f"the checkpoint of {old_size} entries is not stamped")
        need(not dates or old_size >= dates[-1], "dated checkpoints are out of order")
        dates.append(old_size)
    covered = sum(index < (dates[-1] if dates else 0) for index in leaves)
    return f"{len(dates)} earlier checkpoints; {covered} of {len(leaves)} exchanges were in a stamped one before this bundle"


def draw_sample(seed, population, size):
    if size >= population:
        return list(range(population))
    drawn, i, fair = set(), 0, 2 ** 48 - 2 ** 48 % population
    while len(drawn) < size:
        lot = int.from_bytes(sha256(f"phalanx-sample/1\n{seed}\n{i}".encode())[:6], "big")
        if lot < fair:
            drawn.add(lot % population)
        i += 1
    return sorted(drawn)


def check_proofs(bundle, predicate, leaves, heads, size, root):
    proved = set()
    for line in bundle.lines("data/proofs/entries.jsonl"):
        index = line["index"]
        need(index in leaves, f"entry {index} is not listed")
        check_inclusion(sha256(b"\x00", leaves[index]), index, size, [b64(each) for each in line["inclusion"]], root)
        proved.add(index)
    for _, _, index in heads.values():
        need(index in proved, f"the last leaf of a chain, entry {index}, is not proved")
    order = sorted(leaves)
    places = draw_sample(predicate["sample"]["seed"], len(order), predicate["sample"]["size"])
    sample = {order[place] for place in places}
    need(sample <= proved, "an entry of the sample is not proved")
    return sample, f"{len(proved)} inclusion proofs; the sample of {len(sample)} is the one that its seed draws"


def check_openings(lines, leaves, what):
    opened = {}
    for line in lines:
        index = line["index"]
        need(index in leaves, f"entry {index} is not listed")
        for group, shown in line["groups"].items():
            at = 65 + 32 * GROUPS.index(group)
            salt, value = b64(shown["salt"]), shown["value"].encode()
            need(len(salt) == 16, "a salt has another length")
            need(sha256(salt, group.encode(), b"\x00", value) == leaves[index][at:at + 32],
                 f"{what}: {group} of entry {index} is not what was logged")
        opened[index] = line["groups"]
    return opened


def decrypt(bundle, identity, prefix):
    folder = os.path.join(bundle.folder, "data/record")
    for name in sorted(os.listdir(folder)):
        if name.startswith(prefix):
            done = subprocess.run(["age", "-d", "-i", identity, os.path.join(folder, name)], capture_output=True)
            need(done.returncode == 0, f"{name} does not open with this identity")
            for line in done.stdout.splitlines():
                yield json.loads(line)


def count_claims(opened):
    """The figures that need no more than counting."""
    records = [json.loads(groups["detector"]["value"]) for groups in opened.values() if "detector" in groups]
    return {
        "exchanges": len(records),
        "requests": len({record["id"] for record in records}),
        "accounts": len({record["account"] for record in records}),
        "failed requests": sum(not record["ok"] for record in records),
        "input tokens": sum(record["inputTokens"] for record in records),
        "output tokens": sum(record["outputTokens"] for record in records),
    }


def check_disclosure(bundle, predicate, leaves, sample, identity):
    level = predicate["disclosed"]
    if level == "existence":
        return "nothing is opened"
    opened = check_openings(bundle.lines("data/record/openings.jsonl"), leaves, "openings")
    missing = len(sample - set(opened))
    told = f"{len(opened)} entries opened as logged"
    if missing:
        told += f"; {missing} of the sample cannot be opened (erased)"
    full = opened
    if level == "aggregates":
        if identity is None:
            return told + "; figures not recomputed: encrypted for the auditor"
        full = check_openings(decrypt(bundle, identity, "metadata-"), leaves, "encrypted metadata")
    claims = {claim["name"]: claim["value"] for claim in json.loads(bundle.read("data/record/claims.json"))}
    for name, value in count_claims(full).items():
        if full:
            need(claims.get(name) == value, f"{name}: {claims.get(name)} claimed, {value} counted")
    told += "; figures recomputed"
    if level == "text" and identity is not None:
        told += f"; text of {len(check_openings(decrypt(bundle, identity, 'text-'), leaves, 'text'))} entries as logged"
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=".")
    parser.add_argument("--log-key")
    parser.add_argument("--statement-key")
    parser.add_argument("--identity")
    arguments = parser.parse_args()
    bundle = Bundle(arguments.folder)
    link = "files"
    try:
        listed, told = check_files(bundle)
        print(f"ok  {link}: {told}")
        link = "statement"
        if arguments.statement_key:
            with open(arguments.statement_key, "rb") as file:
                key_pem = file.read()
        else:
            key_pem = bundle.read("data/trust/statements.pem")
        predicate, signed, signature, told = check_statement(bundle, listed, key_pem)
        print(f"ok  {link}: {told}")
        link = "log"
        key = arguments.log_key or predicate["log"]
        size, root, told = check_log(bundle, predicate, signed, signature, key_pem, key)
        print(f"ok  {link}: {told}")
        link = "time"
        print(f"ok  {link}: {check_time(bundle)}")
        link = "record"
        leaves, heads, told = read_leaves(bundle, predicate)
        print(f"ok  {link}: {told}")
        link = "dates"
        print(f"ok  {link}: {check_dates(bundle, key, leaves, size, root)}")
        link = "proofs"
        sample, told = check_proofs(bundle, predicate, leaves, heads, size, root)
        print(f"ok  {link}: {told}")
        link = "openings"
        print(f"ok  {link}: {check_disclosure(bundle, predicate, leaves, sample, arguments.identity)}")
    except (Broken, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError) as error:
        print(f"BROKEN  {link}: {error}")
        return 1
    if not arguments.log_key:
        print(f"The key of the log is the bundle's own word; compare it: {key}")
    print("VERIFIED")
    return 0


if __name__ == "__main__":
    sys.exit(main())
