"""What torch takes for the layers of SynthID, vectorised.

synthid-torch.py: reads {keys, tokens, rounds} as JSON; for `hf` runs transformers' compute_g_values (and once its context
mask, on the first 4,000 tokens), for `deepmind` the hash of the main branch, which no release has, in the same operations.
Writes CPU seconds of the fastest round of each, and how many ones it counted.
"""

import hashlib
import json
import sys
import time

import torch
import transformers
from transformers.generation.logits_process import SynthIDTextWatermarkLogitsProcessor

torch.set_num_threads(1)
MULTIPLIER = 6364136223846793005
MASKED = 4000

question = json.load(sys.stdin)
keys = [int(key) for key in question["keys"]]
ids = torch.tensor([question["tokens"]])
hf = SynthIDTextWatermarkLogitsProcessor(
    ngram_len=5,
    keys=keys,
    sampling_table_size=65536,
    sampling_table_seed=0,
    context_history_size=1024,
    device=torch.device("cpu"),
)


def deepmind():
    digest = hashlib.sha256(torch.tensor(keys).numpy().tobytes()).digest()
    start = int.from_bytes(digest, "big") % (2**63 - 1)
    ngrams = ids[0].unfold(0, 5, 1)
    values = torch.full((ngrams.shape[0],), start)
    for i in range(5):
        values = (values + ngrams[:, i]) * MULTIPLIER + 1
    values = (values[:, None] + torch.tensor(keys)[None]) * MULTIPLIER + 1
    for _ in range(12):
        values = ((values + 1) * MULTIPLIER + 1) >> 5
    return (values >> 30) % 2


def measure(run, rounds):
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        result = run()
        best = min(best, time.process_time() - started)
    return best, int(result.sum())


answers = {"torch": torch.__version__, "transformers": transformers.__version__, "masked": MASKED}
answers["hf"] = measure(lambda: hf.compute_g_values(ids), question["rounds"])
answers["mask"] = measure(lambda: hf.compute_context_repetition_mask(ids[:, :MASKED]), 1)
answers["deepmind"] = measure(deepmind, question["rounds"])
json.dump(answers, sys.stdout)
