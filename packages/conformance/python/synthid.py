"""SynthID of transformers and of google-deepmind/synthid-text. Jobs as JSON on standard input, answers in their order.

synthid.py FOLDER: FOLDER holds the files of a synthid_text wheel up to 0.2.1. Judges: `hf`, transformers; `wheel`, that
wheel; `deepmind`, the wheel's hash from the start that the main branch has (by a token before every n-gram which brings the
hash there), and that branch's `get_gvals`, which the wheel has not, typed after it.
"""

import hashlib
import json
import math
import random
import sys
import types

import numpy
import torch

sys.path.insert(0, sys.argv[1])
# detector_mean needs of jax what numpy has.
jax = types.ModuleType("jax")
jax.numpy = numpy
sys.modules["jax"] = jax
sys.modules["jax.numpy"] = numpy

from synthid_text import detector_mean  # noqa: E402
from synthid_text import logits_processing as wheel  # noqa: E402
from transformers.generation.logits_process import SynthIDTextWatermarkLogitsProcessor  # noqa: E402

MULTIPLIER = 6364136223846793005
CPU = torch.device("cpu")


def signed(value):
    value %= 2**64
    return value - 2**64 if value >= 2**63 else value


def open_processor(job):
    keys = [int(key) for key in job["keys"]]
    common = dict(ngram_len=job["ngram"], keys=keys, context_history_size=job.get("history", 1024), device=CPU)
    common["skip_first_ngram_calls"] = job.get("skipFirst", False)
    table = dict(sampling_table_size=job.get("tableSize", 65536), sampling_table_seed=job.get("tableSeed", 0))
    if job["judge"] == "hf":
        return SynthIDTextWatermarkLogitsProcessor(**common, **table)
    return wheel.SynthIDLogitsProcessor(
        **common, **table, temperature=1.0, top_k=2, apply_top_k=False, num_leaves=job.get("leaves", 2)
    )


def deepmind_bits(processor, ngrams):
    """Layers of [count, width] n-grams as the main branch hashes them."""
    digest = hashlib.sha256(processor.keys.to(torch.long).numpy().tobytes()).digest()
    start = int.from_bytes(digest, "big") % torch.iinfo(torch.int64).max
    first = signed((start - 1) * pow(MULTIPLIER, -1, 2**64) - 1)
    before = torch.full((ngrams.shape[0], 1), first, dtype=torch.long)
    processor.ngram_len += 1
    values = processor.compute_ngram_keys(torch.cat([before, ngrams], dim=1)[None])[0]
    processor.ngram_len -= 1
    for _ in range(12):
        values = ((values + 1) * MULTIPLIER + 1) >> 5
    return (values >> 30) % 2


def layers_of(processor, job, ids):
    if job["judge"] == "deepmind":
        return deepmind_bits(processor, ids[0].unfold(0, job["ngram"], 1))
    return processor.compute_g_values(ids)[0]


def to_words(bits):
    return [str(sum(bit << layer for layer, bit in enumerate(row))) for row in bits.tolist()]


def read(job):
    processor = open_processor(job)
    answers = []
    for text in job["texts"]:
        ids = torch.tensor([text])
        bits = layers_of(processor, job, ids)
        repetition = processor.compute_context_repetition_mask(ids)
        end = processor.compute_eos_token_mask(ids, job["end"])[:, job["ngram"] - 1 :]
        mask = (repetition * end).numpy().astype(float)
        values = bits[None].numpy().astype(float)
        scored = mask.sum() > 0
        answers.append(
            {
                "words": to_words(bits),
                "repetition": [int(x) for x in repetition[0].tolist()],
                "end": [int(x) for x in end[0].tolist()],
                "mean": float(detector_mean.mean_score(values.copy(), mask)[0]) if scored else 0,
                "weighted": float(detector_mean.weighted_mean_score(values.copy(), mask)[0]) if scored else 0,
            }
        )
    return answers


def update(job):
    """update_scores of both, in double precision; with more leaves what the wheel has."""
    answers = []
    hf = open_processor({"judge": "hf", "keys": ["1"], "ngram": 5})
    for case in job["cases"]:
        scores = torch.tensor([case["scores"]], dtype=torch.float64)
        words = [int(word) for word in case["words"]]
        bits = torch.tensor([[[word >> layer & 1 for layer in range(case["depth"])] for word in words]])
        if case["leaves"] == 2:
            ours = hf.update_scores(scores, bits)
            theirs = wheel.update_scores(scores, bits)
            # What cannot come is the least double here, about -1e12 there.
            possible = ours > -1e11
            assert torch.equal(possible, theirs > -1e11) and torch.equal(ours[possible], theirs[possible])
        else:
            ours = wheel.update_scores_distortionary(scores, bits, case["leaves"])
        answers.append([value if value > -1e11 else None for value in ours[0].tolist()])
    return answers


def write(job):
    """Text sampled through an engine's own calls; the shape of the first steps."""
    processor = open_processor(job)
    size = job["vocabulary"]
    chance = random.Random(job["seed"])
    ids = list(job["prompt"])
    shapes = []
    for step in range(job["steps"]):
        model = torch.Generator().manual_seed(hash(tuple(ids[-2:])) % 2**31)
        scores = job["sharpness"] * torch.randn(1, size, generator=model, dtype=torch.float64)
        inputs = torch.tensor([ids])
        if job["judge"] == "hf":
            shaped = processor(inputs, scores)
        else:
            shaped, indices, _ = processor.watermarked_call(inputs, scores)
            assert indices[0].tolist() == list(range(size))
        probabilities = torch.softmax(shaped[0], dim=0).tolist()
        if step < job["shapes"]:
            shapes.append({"scores": scores[0].tolist(), "probabilities": probabilities})
        ids.append(chance.choices(range(size), probabilities)[0])
    return {"tokens": ids[len(job["prompt"]) :], "shapes": shapes}


def null(job):
    """z of the mean score of a text without a mark, over keys, by the seed of the table: half of it should be noise."""
    ids = torch.tensor([job["text"]])
    answers = []
    for seed in job["tableSeeds"]:
        zs = []
        for keys in job["keyLists"]:
            processor = open_processor({"judge": "hf", "keys": keys, "ngram": 5, "tableSeed": seed})
            bits = processor.compute_g_values(ids)
            count = bits.numel()
            zs.append((float(bits.sum()) - count / 2) / math.sqrt(count / 4))
        answers.append(zs)
    return answers


JOBS = {"read": read, "update": update, "write": write, "null": null}
json.dump([JOBS[job["job"]](job) for job in json.load(sys.stdin)], sys.stdout)
