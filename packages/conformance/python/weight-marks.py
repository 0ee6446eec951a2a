"""Marks in weights by docs/spec/weight-marks.md, without Phalanx.

Reads {key, holders, base, copy} on standard input. Makes the copy of the fourth holder from the base, reads the marks of the copy given, and
scores the holders; prints {copySha256, marks, scores}. AES is written out below, since numpy is all there is.
"""

import hashlib
import hmac
import json
import math
import sys

import numpy as np

task = json.load(sys.stdin)
key, parameters = task["key"], task["key"]["parameters"]
secret = bytes.fromhex(key["secret"])
length, amplitude, share = parameters["codeLength"], parameters["amplitude"], parameters["share"]


def hkdf(use):
    prk = hmac.new(b"\0" * 32, secret, hashlib.sha256).digest()
    info = ("phalanx-weight-marks-v1 " + use).encode()
    return hmac.new(prk, info + b"\1", hashlib.sha256).digest()


def make_sbox():
    box = [0] * 256
    p = q = 1
    while True:
        p = p ^ ((p << 1) & 255) ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 255
        if q & 0x80:
            q ^= 0x09
        rotated = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (rotated & 255) ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return np.array(box, dtype=np.uint8)


SBOX = make_sbox()
SHIFT = np.array([0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11])


def expand(k):
    words = [list(k[i : i + 4]) for i in range(0, 16, 4)]
    constant = 1
    for i in range(4, 44):
        word = list(words[i - 1])
        if i % 4 == 0:
            word = [int(SBOX[b]) for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = (constant << 1) ^ (0x11B if constant & 0x80 else 0)
        words.append([a ^ b for a, b in zip(words[i - 4], word)])
    return np.array(words, dtype=np.uint8).reshape(11, 16)


def double(x):
    return ((x << 1) ^ np.where(x & 0x80, 0x1B, 0).astype(np.uint8)).astype(np.uint8)


def key_stream(k, count):
    """AES-128-CTR from counter zero."""
    blocks = -(-count // 16)
    state = np.zeros((blocks, 16), dtype=np.uint8)
    counters = np.arange(blocks, dtype=np.uint64)
    for i in range(8):
        state[:, 15 - i] = (counters >> np.uint64(8 * i)) & np.uint64(255)
    keys = expand(k)
    state ^= keys[0]
    for turn in range(1, 11):
        state = SBOX[state][:, SHIFT]
        if turn < 10:
            c = state.reshape(-1, 4, 4)
            total = c[:, :, 0] ^ c[:, :, 1] ^ c[:, :, 2] ^ c[:, :, 3]
            mixed = np.empty_like(c)
            for i in range(4):
                mixed[:, :, i] = c[:, :, i] ^ total ^ double(c[:, :, i] ^ c[:, :, (i + 1) % 4])
            state = mixed.reshape(-1, 16)
        state = state ^ keys[turn]
    return state.reshape(-1)[:count]


def stream_key(use, name):
    return hmac.new(hkdf(use), name.encode(), hashlib.sha256).digest()[:16]


def open_safetensors(path):
    data = np.fromfile(path, dtype=np.uint8)
    head = int(data[:8].view("<u8")[0])
    header = json.loads(bytes(data[8 : 8 + head]))
    header.pop("__metadata__", None)
    return data, 8 + head, header


# Biases and code words.
t = math.asin(math.sqrt(1 / (300 * parameters["colluders"])))
uniforms = key_stream(hkdf("biases")[:16], 4 * length).view("<u4").astype(np.float64)
angles = t + (uniforms + 0.5) / 2**32 * (math.pi / 2 - 2 * t)
thresholds = np.round(np.sin(angles) ** 2 * 2**32)
p = thresholds / 2**32


def word_of(holder):
    name = json.dumps([holder["kind"], holder["name"]], separators=(",", ":"), ensure_ascii=False)
    return key_stream(stream_key("words", name), 4 * length).view("<u4").astype(np.float64) < thresholds


base, start, header = open_safetensors(task["base"])
leaked, _, _ = open_safetensors(task["copy"])
word = word_of(task["holders"][3])
made = base.copy()
sums, weights = np.zeros(length), np.zeros(length)
marks = 0
for tensor in key["tensors"]:
    entry = header[tensor["name"]]
    assert entry["dtype"] == "BF16"
    low, high = (start + offset for offset in entry["data_offsets"])
    bits = base[low:high].view("<u2")
    count, columns = len(bits), entry["shape"][-1]
    runs = -(-count // 16)
    stream = key_stream(stream_key("carriers", tensor["name"]), runs * 8).view("<u2").reshape(runs, 4)
    number = np.arange(count)
    run, j = number // 16, number % 16
    sign = (stream[run, 1] >> j) & 1
    first = stream[run, 2].astype(np.uint32) | (stream[run, 3].astype(np.uint32) << 16)
    position = (first + j) & (length - 1)
    magnitude = (bits & 0x7FFF).astype(np.uint32)
    values = (bits.astype(np.uint32) << 16).view(np.float32)
    able = (np.abs(values) > np.float32(tensor["threshold"])) & (magnitude >= 0x80 + amplitude) & (magnitude < 0x7F80 - amplitude)
    carrier = able & (stream[run, 0] < share)
    marks += int(carrier.sum())
    up = sign == word[position]
    made[low:high].view("<u2")[:] = np.where(carrier, np.where(up, bits + amplitude, bits - amplitude), bits)
    # Reading: each row by its own scale and variance. Nothing of low rank stands above the noise of a copy that nobody touched.
    x = (leaked[low:high].view("<u2").astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    b = values.astype(np.float64)
    size = amplitude * 2.0 ** (np.floor(np.log2(np.where(able, np.abs(b), 1))) - 7)
    for row in range(0, count, columns):
        s = slice(row, row + columns)
        scale = (b[s] * x[s]).sum() / (x[s] * x[s]).sum()
        e = np.clip((scale * x[s] - b[s]).astype(np.float32).astype(np.float64), -24 * size[s], 24 * size[s])
        energy = (size[s][able[s]] ** 2).sum()
        variance = max((e[able[s]] ** 2).sum(), 0.25 * energy * share / 65536) / max(1, able[s].sum())
        c = carrier[s]
        direction = np.where((b[s] > 0) == (sign[s] == 1), 1, -1)
        np.add.at(sums, position[s][c], (direction * e * size[s] / variance)[c])
        np.add.at(weights, position[s][c], (size[s] ** 2 / variance)[c])

shown = np.clip(np.divide(sums, weights, out=np.zeros(length), where=weights > 0), -1, 1)
scores = []
for holder in task["holders"]:
    own = word_of(holder)
    scores.append(float((shown * np.where(own, np.sqrt((1 - p) / p), -np.sqrt(p / (1 - p)))).sum()))
print(json.dumps({"copySha256": hashlib.sha256(made.tobytes()).hexdigest(), "marks": marks, "scores": scores}))
