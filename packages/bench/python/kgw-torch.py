"""What a torch detector of KGW does for each n-gram: seed, permute the vocabulary, look for the token.

kgw-torch.py: reads {vocabulary, size, seeds, tokens, rounds} as JSON, writes CPU seconds of the fastest round and the greens.
"""

import json
import sys
import time

import torch

torch.set_num_threads(1)
question = json.load(sys.stdin)
vocabulary, size = question["vocabulary"], question["size"]
generator = torch.Generator()
best = float("inf")
for _ in range(question["rounds"]):
    start = time.process_time()
    greens = 0
    for seed, token in zip(question["seeds"], question["tokens"]):
        generator.manual_seed(seed)
        greens += token in torch.randperm(vocabulary, generator=generator)[:size]
    best = min(best, time.process_time() - start)
json.dump({"torch": torch.__version__, "seconds": best, "greens": int(greens)}, sys.stdout)
