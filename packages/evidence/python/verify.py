#!/usr/bin/env python3
"""Checks an evidence bundle offline, with the standard library and the openssl command.

    python3 verify.py FOLDER [--log-key KEY] [--statement-key FILE] [--tsa-certificates FILE] [--identity FILE]

KEY is the verifier key of the log as you got it elsewhere; without it the one in the bundle is used and printed. So with
the PEM files of the signer's key and of the time stamping authority's certificates. FILE after --identity is an age
identity; it needs the age command. Prints a line for each link; the first that breaks ends the check with exit code 1.
Cosignatures of witnesses are not checked here. The format is docs/spec/evidence-bundle.md of Phalanx.
"""
import argparse
import base64
import calendar
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

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


def parse_json(data):
    """UTF-8, and none of the numbers that only Python reads."""
    def refuse(name):
        raise Broken(f"{name} is no JSON")
    return json.loads(data.decode(), parse_constant=refuse)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def number(text):
    need(re.fullmatch(r"0|[1-9][0-9]{0,15}", text), f"{text!r} is no number")
    return int(text)


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
                yield parse_json(line)

    def has(self, path):
        return os.path.isfile(os.path.join(self.folder, path))


def check_files(bundle):
    """RFC 8493: each manifest, and nothing beside what it lists."""
    listed = {}
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        text = bundle.read(manifest).decode()
        need(text.endswith("\n"), f"{manifest} is cut off")
        for line in text[:-1].split("\n"):
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
    need(bundle.read("bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bagit.txt is another")
    payload = [os.path.getsize(os.path.join(bundle.folder, path)) for path in listed if path.startswith("data/")]
    check_info(bundle.read("bag-info.txt").decode(), f"{sum(payload)}.{len(payload)}")
    return listed, f"{len(listed)} files as listed"


def check_info(text, oxum):
    """Labels with values; a line that begins with a blank goes on with the one before."""
    need(not text.startswith("\ufeff"), "bag-info.txt begins with a byte order mark")
    info = []
    for line in re.sub(r"\n\Z", "", text).split("\n"):
        if line[:1] in (" ", "\t") and info:
            info[-1][1] += " " + line.strip()
            continue
        label, colon, value = line.partition(":")
        need(label and colon, "a line of bag-info.txt is no label and value")
        info.append([label, value.strip()])
    for label, value in info:
        need(label.lower() != "payload-oxum" or value == oxum, f"Payload-Oxum is {value}, the payload {oxum}")


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
    about = {path for path in listed if path.startswith("data/record/")} | {"data/finding.json"}
    predicate, signed, signature = open_statement(
        bundle, listed, key_pem, "data/statements/claims.dsse.json", "urn:phalanx:evidence-claims:v1", about)
    return predicate, signed, signature, f"signed for {len(about)} files"


def check_report(bundle, listed, key_pem, predicate, report, leaves, size, root):
    """What is for people, and whom to trust: all other files are signed for too. What the report rests on was shown."""
    path = "data/statements/bundle.dsse.json"
    about = set(listed) - {path, "bagit.txt", "bag-info.txt", "manifest-sha256.txt"}
    open_statement(bundle, listed, key_pem, path, "urn:phalanx:evidence-bundle:v1", about)
    case = parse_json(bundle.read("data/case.json"))
    detection, log, sampling = case["detection"], case["log"], case["sampling"]
    spans = {}
    for leaf in leaves.values():
        at, sequence = int.from_bytes(leaf[57:65], "big"), int.from_bytes(leaf[17:25], "big")
        first, _, early, late = spans.get(leaf[1:17], (sequence, sequence, at, at))
        spans[leaf[1:17]] = (first, sequence, min(early, at), max(late, at))
    stated = [(each["sequence"]["first"], each["sequence"]["last"], each["firstAtMs"], each["lastAtMs"])
              for each in case["accounts"]]
    for each in case["accounts"]:
        need(each["exchanges"] == each["sequence"]["last"] - each["sequence"]["first"] + 1, "accounts of case.json")
    is_stamped = "data/timestamps/checkpoint.tsr" in listed
    for what, ours, theirs in (
            ("case id", case["caseId"], predicate["caseId"]),
            ("finding", case["finding"], report["findings"][0]),
            ("detection", [detection[name] for name in JUDGED], [report[name] for name in JUDGED]),
            ("figures", case["aggregates"], parse_json(bundle.read("data/record/claims.json"))),
            ("number of entries", case["disclosure"]["entries"], predicate["leaves"]),
            ("sample", [sampling["seed"], sampling["sampleSize"], sampling["population"]],
             [predicate["sample"]["seed"], predicate["sample"]["size"], predicate["leaves"]]),
            ("log", [log["size"], log["root"], log["verifierKey"], log["finding"]["index"], log["timestamp"] is not None],
             [size, root.hex(), predicate["log"], predicate["findingEntry"], is_stamped]),
            ("accounts", sorted(stated), sorted(spans.values()))):
        need(ours == theirs, f"the {what} of case.json is another than was shown")
    return f"report, keys and all other files, {len(about)} in number, are signed for"


JUDGED = ("window", "alpha", "poolsExamined", "configuration")


def open_statement(bundle, listed, key_pem, path, kind, about):
    raw = bundle.read(path)
    envelope = parse_json(raw)
    payload = b64(envelope["payload"])
    signature = b64(envelope["signatures"][0]["sig"])
    again = {"payload": envelope["payload"], "payloadType": "application/vnd.in-toto+json",
             "signatures": [{"keyid": "", "sig": envelope["signatures"][0]["sig"]}]}
    need(canonical(again) == raw, "the envelope holds more than a statement and its signature")
    signed = pae(b"application/vnd.in-toto+json", payload)
    need(verify_signature(key_pem, signed, signature, raw=False), "the statement is not signed by this key")
    statement = parse_json(payload)
    need(statement["_type"] == "https://in-toto.io/Statement/v1", "no in-toto statement")
    need(statement["predicateType"] == kind, "a statement about something else")
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    for name, digest in subjects.items():
        need(listed.get(name) == digest, f"{name} is not the file that was signed for")
    need(about == set(subjects), f"not signed for: {sorted(about ^ set(subjects))[:3]}")
    return statement["predicate"], signed, signature


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
    need(signatures.endswith("\n"), "no signed note")
    lines = text.split("\n")
    text += "\n"
    need(lines[0] == name, f"a checkpoint of {lines[0]}")
    pem = (b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(ED25519_SPKI + key) + b"\n-----END PUBLIC KEY-----\n")
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 (\S+) ([A-Za-z0-9+/=]+)", line)
        need(match, "no signed note")
        raw = b64(match.group(2))
        if match.group(1) == name and raw[:4] == key_id:
            need(verify_signature(pem, text.encode(), raw[4:], raw=True), "the log did not sign the checkpoint")
            root = b64(lines[2])
            need(len(root) == 32, "no checkpoint")
            return number(lines[1]), root
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
    lines = head.decode().split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index "), "no tlog-proof")
    return number(lines[1][6:]), [b64(line) for line in lines[2:]], note


def check_log(bundle, predicate, signed, signature, key_pem, verifier_key):
    note = bundle.read("data/proofs/checkpoint")
    size, root = open_checkpoint(note, verifier_key)
    der = b"".join(base64.b64decode(line) for line in key_pem.splitlines() if not line.startswith(b"-"))
    statement_leaf = canonical(
        {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": base64.b64encode(sha256(signed)).decode()},
            "signature": {"content": base64.b64encode(signature).decode(),
                          "verifier": {"keyDetails": "PKIX_ECDSA_P256_SHA_256",
                                       "publicKey": {"rawBytes": base64.b64encode(der).decode()}}}}}})
    need(bundle.read("data/statements/claims-leaf.json") == statement_leaf, "the logged statement is another")
    finding_leaf = bundle.read("data/record/finding-leaf.json")
    for path, leaf in (("data/proofs/claims.tlog-proof", statement_leaf),
                       ("data/proofs/finding.tlog-proof", finding_leaf)):
        index, proof, proof_note = parse_tlog_proof(bundle.read(path))
        need(proof_note == note, f"{path} is about another checkpoint")
        check_inclusion(sha256(b"\x00", leaf), index, size, proof, root)
    need(index == predicate["findingEntry"], "the finding is another entry than was signed for")
    report = check_finding(bundle, parse_json(finding_leaf), predicate)
    return size, root, report, f"statement and finding are in the log of {size} entries"


def check_finding(bundle, logged, predicate):
    """finding.json is one finding, the one that was logged and signed for."""
    data = bundle.read("data/finding.json")
    need(logged["kind"] == "finding" and logged["findingId"] == predicate["findingId"], "another finding")
    need(logged["reportSha256"] == sha256(data).hex(), "the finding that was logged is another")
    report = parse_json(data)
    need(len(report["findings"]) == 1, "finding.json holds not one finding")
    finding = report["findings"][0]
    need(finding["id"] == predicate["findingId"] and finding["kind"] == predicate["findingKind"],
         "the finding is another than was signed for")
    need(report["window"] == predicate["window"], "the window of the finding is another than was signed for")
    need(all(report[name] == logged[name] for name in ("alpha", "poolsExamined", "configuration"))
         and len(finding["members"]) == logged["accounts"], "the finding was judged by other rules than were logged")
    return report


def verify_stamp(response, message, authority):
    """An RFC 3161 response, judged by openssl; returns the time in it as openssl writes it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("response", "message", "token")}
        for name, content in (("response", response), ("message", message)):
            with open(paths[name], "wb") as file:
                file.write(content)
        # Beside the token a response holds free text that nobody signed.
        run_openssl("ts", "-reply", "-in", paths["response"], "-token_out", "-out", paths["token"])
        text = run_openssl("ts", "-reply", "-in", paths["token"], "-token_in", "-text").stdout
        stated = re.search(r"^Time stamp: (\w{3} +\d+ \d\d:\d\d:\d\d)(\.\d+)? (\d{4}) GMT$", text, re.MULTILINE)
        need(stated, "a time stamp states no time")
        seconds = calendar.timegm(time.strptime(f"{stated.group(1)} {stated.group(3)}", "%b %d %H:%M:%S %Y"))
        # Certificates must have been valid then; they may have ended since.
        done = run_openssl("ts", "-verify", "-in", paths["response"], "-data", paths["message"], "-CAfile", authority,
                           "-attime", str(seconds))
        need(done.returncode == 0, "a time stamp is not by this authority over what it should be")
    return stated.group(0)[len("Time stamp: "):]


def check_time(bundle, listed, signature, authority):
    if not any(path.startswith("data/timestamps/") for path in listed):
        need(authority is None, "no time stamp, though an authority is asked for")
        return "no time stamp in the bundle: the times are the operator's word"
    given = authority is not None
    authority = authority or os.path.join(bundle.folder, "data/trust/tsa.pem")
    told = verify_stamp(bundle.read("data/timestamps/checkpoint.tsr"), bundle.read("data/proofs/checkpoint"), authority)
    verify_stamp(bundle.read("data/timestamps/claims.tsr"), signature, authority)
    return "stamped " + told + ("" if given else ", by an authority for which only the bundle vouches")


def read_leaves(bundle, predicate, report):
    """Each chain without a gap, each leaf naming the one before it, and the chains those of the finding."""
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
    ties = Ties(report, {chain.hex() for chain in heads})
    finding = report["findings"][0]
    counted = finding["exchangesBeforeAlarm"] + finding["exchangesAfterAlarm"]
    return leaves, heads, ties, (f"{len(leaves)} exchanges in {len(heads)} chains, each unbroken from its first listed to its last; "
                                 f"the finding counts {counted}")


class Ties:
    """Whose the chains are. Under pseudonyms the finding names chains; otherwise accounts, and opened `who` groups tell."""

    def __init__(self, report, chains):
        names = [member["accountId"] for member in report["findings"][0]["members"]]
        self.members, self.chains = set(names), len(chains)
        need(len(self.members) == len(names), "the finding names an account twice")
        need(len(chains) <= len(names), "more chains are listed than the finding has accounts")
        self.pseudonymous = bool(chains & self.members)
        self.accounts, self.owners = {}, {}
        if self.pseudonymous:
            need(chains <= self.members, "a chain is of no account of the finding")
            for name in self.members - chains:
                need(not re.fullmatch(r"[0-9a-f]{32}", name), f"chain {name} of the finding is not listed")

    def add(self, index, leaf, groups):
        record, chain = parse_json(groups["detector"]["value"].encode()), leaf[1:17]
        need(record["atMs"] == int.from_bytes(leaf[57:65], "big"), f"entry {index} states two times")
        need(self.accounts.setdefault(chain, record["account"]) == record["account"],
             f"entry {index} is of another account than its chain")
        if "who" in groups:
            owner = parse_json(groups["who"]["value"].encode())["accountId"]
            need(self.owners.setdefault(chain, owner) == owner, f"entry {index} is of another account than its chain")
            need(self.pseudonymous or owner in self.members, f"entry {index} is of an account that the finding does not name")

    def told(self):
        if self.pseudonymous:
            return "chains are those that the finding names"
        return f"{len(self.owners)} of {self.chains} chains shown to be of accounts that the finding names"


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


def check_dates(bundle, verifier_key, leaves, size, root, authority):
    if not bundle.has("data/timestamps/dates.jsonl"):
        return "no earlier time stamps: when the exchanges were logged is the operator's word"
    dates = []
    for line in bundle.lines("data/timestamps/dates.jsonl"):
        note, response = b64(line["note"]), b64(line["response"])
        old_size, old_root = open_checkpoint(note, verifier_key)
        check_consistency(old_size, old_root, size, root, [b64(each) for each in line["consistency"]])
        verify_stamp(response, note, authority or os.path.join(bundle.folder, "data/trust/tsa.pem"))
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


ALWAYS = r"leaves\.jsonl|claims\.json|finding-leaf\.json"
RECORD_FILES = {
    "existence": ALWAYS,
    "aggregates": ALWAYS + r"|openings\.jsonl|metadata-\d{4}\.jsonl\.age",
    "metadata": ALWAYS + r"|openings\.jsonl",
    "text": ALWAYS + r"|openings\.jsonl|text-\d{4}\.jsonl\.age",
}
METADATA = ("request", "response", "detector")


def check_openings(lines, leaves, what):
    opened, last = {}, -1
    for line in lines:
        index = line["index"]
        need(index in leaves, f"entry {index} is not listed")
        need(index > last, f"{what}: entry {index} is out of order")
        last = index
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
            for line in done.stdout.split(b"\n")[:-1]:
                yield parse_json(line)


def check_metadata(opened, leaves, ties):
    for index, groups in opened.items():
        for group in METADATA:
            need(group in groups, f"the {group} group of entry {index} is not opened")
        ties.add(index, leaves[index], groups)


def write_time(ms):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def count_claims(opened):
    """The figures: all of them can be counted in the detector groups."""
    records = [parse_json(groups["detector"]["value"].encode()) for groups in opened.values()]
    models = {}
    for record in records:
        models[record["model"]] = models.get(record["model"], 0) + 1
    ranked = sorted(models.items(), key=lambda item: (-item[1], item[0].encode("utf-16-be")))
    figures = {
        "exchanges": len(records),
        "requests": len({record["id"] for record in records}),
        "accounts": len({record["account"] for record in records}),
        "first exchange": write_time(min(record["atMs"] for record in records)),
        "last exchange": write_time(max(record["atMs"] for record in records)),
        "failed requests": sum(not record["ok"] for record in records),
        "input tokens": sum(record["inputTokens"] for record in records),
        "output tokens": sum(record["outputTokens"] for record in records),
    }
    for model, count in ranked[:20]:
        figures["exchanges with model " + json.dumps(model, ensure_ascii=False)] = count
    if len(ranked) > 20:
        figures["exchanges with other models"] = sum(count for _, count in ranked[20:])
    return figures


def check_disclosure(bundle, predicate, leaves, sample, ties, identity):
    level = predicate["disclosed"]
    for name in sorted(os.listdir(os.path.join(bundle.folder, "data/record"))):
        need(re.fullmatch(RECORD_FILES[level], name), f"data/record/{name} has no place where {level} is disclosed")
    claimed = parse_json(bundle.read("data/record/claims.json"))
    if level == "existence":
        need(claimed == [], "figures are stated, and nothing is opened that they follow from")
        return "nothing is opened; " + ties.told()
    opened = check_openings(bundle.lines("data/record/openings.jsonl"), leaves, "openings")
    check_metadata(opened, leaves, ties)
    for index in sample if level == "aggregates" else leaves:
        need(index in opened, f"entry {index} is not opened")
    told = f"{len(opened)} entries opened as logged; {ties.told()}"
    full = opened
    if level == "aggregates":
        if identity is None:
            return told + "; figures not recomputed: encrypted for the auditor"
        full = check_openings(decrypt(bundle, identity, "metadata-"), leaves, "encrypted metadata")
        check_metadata(full, leaves, ties)
        need(len(full) == len(leaves), f"{len(full)} of {len(leaves)} entries are opened for the auditor")
    need(len(claimed) == len({claim["name"] for claim in claimed}), "a figure is stated twice")
    need({claim["name"]: claim["value"] for claim in claimed} == count_claims(full),
         "the figures are not those that follow from the openings")
    told += "; figures recomputed"
    if level == "text" and identity is not None:
        texts = check_openings(decrypt(bundle, identity, "text-"), leaves, "text")
        need(all("prompt" in groups or "completion" in groups for groups in texts.values()), "an entry without its text")
        told += f"; text of {len(texts)} entries as logged"
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=".")
    parser.add_argument("--log-key")
    parser.add_argument("--statement-key")
    parser.add_argument("--tsa-certificates")
    parser.add_argument("--identity")
    arguments = parser.parse_args()
    bundle, authority = Bundle(arguments.folder), arguments.tsa_certificates
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
        size, root, report, told = check_log(bundle, predicate, signed, signature, key_pem, key)
        print(f"ok  {link}: {told}")
        link = "time"
        print(f"ok  {link}: {check_time(bundle, listed, signature, authority)}")
        link = "record"
        leaves, heads, ties, told = read_leaves(bundle, predicate, report)
        print(f"ok  {link}: {told}")
        link = "dates"
        print(f"ok  {link}: {check_dates(bundle, key, leaves, size, root, authority)}")
        link = "proofs"
        sample, told = check_proofs(bundle, predicate, leaves, heads, size, root)
        print(f"ok  {link}: {told}")
        link = "openings"
        print(f"ok  {link}: {check_disclosure(bundle, predicate, leaves, sample, ties, arguments.identity)}")
        link = "report"
        print(f"ok  {link}: {check_report(bundle, listed, key_pem, predicate, report, leaves, size, root)}")
    except (Broken, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError) as error:
        print(f"BROKEN  {link}: {error}")
        return 1
    if not arguments.log_key:
        print(f"The key of the log is the bundle's own word; compare it: {key}")
    print("VERIFIED")
    return 0


if __name__ == "__main__":
    sys.exit(main())
