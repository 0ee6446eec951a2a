"""Software of OASIS on STIX: what it generates, accepts, parses and matches. One task a run; JSON in, JSON out."""

import ast
import copy
import json
import logging
import os
import random
import sys
import tempfile


def generate(count, seed):
    """Random objects of every type, some of which the validator refuses."""
    import stix2generator
    from faker import Faker

    random.seed(seed)
    Faker.seed(seed)
    logging.disable(logging.WARNING)
    generator = stix2generator.create_object_generator(stix_version="2.1")
    # Parts of objects have names too: what has no type and no id is left out.
    names = sorted(name for name in generator.spec_names if name.islower() and not name.startswith("tlp-"))
    objects = []
    while len(objects) < count:
        item = generator.generate(names[random.randrange(len(names))])
        if isinstance(item, dict) and "type" in item and "id" in item:
            objects.append(item)
    return objects


WRONG = [
    None, True, 0, -1, 1.5, "", "x", [], {}, [[]], ["x"], {"x": 1}, "2024-02-30T00:00:00.000Z", "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00.000+01:00", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "indicator--x",
    "file--30038539-3eb6-44bc-a59e-d0d3fe84695a", "identity--30038539-3eb6-54bc-a59e-d0d3fe84695a", "http://example.com/%zz",
    "[file:size = 1]", "[file:size = ]", ["file--30038539-3eb6-44bc-a59e-d0d3fe84695a"], 2 ** 40, "a" * 300, "YQ=", "zz",
]
NAMES = ["x_new", "ab", "Upper", "a" * 251, "severity", "action", "lang", "revoked", "confidence", "object_marking_refs",
         "created_by_ref", "labels", "x_bytes_hex", "x_bytes_bin", "defanged", "spec_version", "valid_until", "end"]


def places(value, found):
    if isinstance(value, dict):
        for name in value:
            found.append((value, name))
            places(value[name], found)
    elif isinstance(value, list):
        for at in range(len(value)):
            found.append((value, at))
            places(value[at], found)
    return found


def mutate_objects(objects, seed):
    """Each object with one to two places spoilt, emptied, renamed or added."""
    random.seed(seed)
    mutated = []
    for item in json.loads(json.dumps(objects)):
        for _ in range(random.randint(1, 2)):
            holder, name = random.choice(places(item, []))
            kind = random.random()
            if holder is item and name == "type":
                continue
            if kind < 0.25:
                del holder[name]
            elif kind < 0.7:
                holder[name] = copy.deepcopy(random.choice(WRONG))
            elif kind < 0.8 and isinstance(holder, dict):
                item[random.choice(NAMES)] = copy.deepcopy(random.choice(WRONG))
            elif isinstance(holder[name], str) and holder[name]:
                at = random.randrange(len(holder[name]))
                holder[name] = holder[name][:at] + random.choice(["", "-", "Z", "0", " ", "\u00e9"]) + holder[name][at + 1:]
            if not isinstance(item.get("id"), str):
                item["id"] = item["type"] + "--30038539-3eb6-44bc-a59e-d0d3fe84695a"
        mutated.append(item)
    return mutated


def validate(objects, schemas):
    """Whether stix2-validator accepts each, with our schemas as its own for the types that we add."""
    from stix2validator import ValidationOptions, validate_instance

    folder = tempfile.mkdtemp()
    for name, schema in schemas.items():
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump(schema, file)
    options = ValidationOptions(version="2.1", schema_dir=folder if schemas else None)
    verdicts = []
    for item in objects:
        try:
            result = validate_instance(item, options)
            verdicts.append([bool(result.is_valid), "; ".join(str(e) for e in result.errors)[:300]])
        except Exception as error:
            verdicts.append([None, type(error).__name__ + ": " + str(error)[:200]])
    for name in schemas:
        os.remove(os.path.join(folder, name + ".json"))
    os.rmdir(folder)
    return verdicts


FRAGMENTS = [
    "[", "]", "(", ")", " AND ", " OR ", " NOT ", " FOLLOWEDBY ", " WITHIN 5 SECONDS", " REPEATS 2 TIMES", "'", "\\", "=",
    "!=", "<=", ".", "[*]", "[0]", "1", "-1", "1.5", "h'00'", "b'YQ=='", "t'2020-01-01T00:00:00Z'", "true", "EXISTS ", "IN ",
    "LIKE ", "MATCHES ", "x", "-", "/*", "*/", "//", ",", ":", "\u00a0", " START t'2020-01-01T00:00:00Z' STOP ", "0", "<>",
]


def own_patterns():
    """The patterns of the tests of stix2-patterns for STIX 2.1."""
    import stix2patterns

    folder = os.path.join(os.path.dirname(stix2patterns.__file__), "test", "v21")
    with open(os.path.join(folder, "spec_examples.txt")) as file:
        patterns = [line.strip() for line in file if line.strip()]
    with open(os.path.join(folder, "test_validator.py")) as file:
        for node in ast.walk(ast.parse(file.read())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if "[" in node.value and "\n" not in node.value and "FAIL" not in node.value:
                    patterns.append(node.value)
    return list(dict.fromkeys(patterns))


def mutate(pattern, patterns):
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(pattern))
        kind = random.random()
        if kind < 0.35:
            pattern = pattern[:at] + pattern[at + 1:]
        elif kind < 0.7:
            pattern = pattern[:at] + random.choice(FRAGMENTS) + pattern[at:]
        elif kind < 0.85:
            to = random.randint(0, len(pattern))
            pattern = pattern[:min(at, to)] + pattern[max(at, to):]
        else:
            other = random.choice(patterns)
            pattern = pattern[:at] + other[random.randint(0, len(other)):]
    return pattern


def patterns(count, seed):
    """The tests' patterns and as many mutations as asked for, each with the verdict; null where stix2-patterns raises."""
    from stix2patterns.validator import validate as accepts

    random.seed(seed)
    own = own_patterns()
    cases = own + [mutate(random.choice(own), own) for _ in range(count)]
    verdicts = []
    for case in cases:
        try:
            verdicts.append([case, accepts(case, "2.1")])
        except Exception:
            verdicts.append([case, None])
    return {"own": len(own), "cases": verdicts}


def match(cases):
    """For each [pattern, bundle]: ids of the observed-data that matched, or a text where stix2-matcher raises."""
    from stix2matcher.matcher import match as find

    answers = []
    for pattern, bundle in cases:
        try:
            found = find(pattern, [bundle], stix_version="2.1")
            answers.append(sorted(
                item["id"] for part in found for item in part["objects"] if item["type"] == "observed-data"
            ))
        except Exception as error:
            answers.append(type(error).__name__ + ": " + str(error)[:120])
    return answers


def derive(objects):
    """Ids that the stix2 library derives for observables; null where it raises."""
    import stix2

    ids = []
    for item in objects:
        try:
            fields = {name: value for name, value in item.items() if name != "id"}
            ids.append(stix2.parse(fields, allow_custom=True, version="2.1")["id"])
        except Exception:
            ids.append(None)
    return ids


def signatures(objects):
    """Whether `cryptography` verifies each [object without signature, protected header, signature, raw public key in hex]."""
    import base64

    import rfc8785
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def read(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    verdicts = []
    for item, header, signature, key in objects:
        payload = base64.urlsafe_b64encode(rfc8785.dumps(item)).rstrip(b"=")
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
                read(signature), header.encode() + b"." + payload
            )
            verdicts.append(json.loads(read(header)))
        except Exception:
            verdicts.append(None)
    return verdicts


def main():
    task = sys.argv[1]
    if task == "generate":
        answer = generate(int(sys.argv[2]), int(sys.argv[3]))
    elif task == "mutate":
        answer = mutate_objects(json.load(sys.stdin), int(sys.argv[2]))
    elif task == "patterns":
        answer = patterns(int(sys.argv[2]), int(sys.argv[3]))
    else:
        read = json.load(sys.stdin)
        answer = validate(read["objects"], read["schemas"]) if task == "validate" else {
            "match": match, "derive": derive, "signatures": signatures
        }[task](read)
    print(json.dumps(answer))


main()
