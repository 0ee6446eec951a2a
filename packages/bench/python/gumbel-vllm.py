"""vLLM's Gumbel detector on one text, one thread.

gumbel-vllm.py FOLDER: FOLDER holds `vllm/` as its wheel does. Reads {key, tokens, rounds}; prints CPU seconds of the whole detector and of its
keyed function alone, and its score.
"""

import json
import sys
import time
import types

import torch

sys.path.insert(0, sys.argv[1])
torch.set_num_threads(1)


def stub(name, **members):
    """What the files import from the engine and use nowhere on this path."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


stub("vllm.logger", init_logger=lambda _: None)
stub("vllm.config.utils", config=lambda cls: cls)
stub("vllm.v1.worker.gpu.sample.gumbel", gumbel_sample=None)

from vllm.v1.watermarking.gumbel import GumbelWatermarkDetector  # noqa: E402

question = json.load(sys.stdin)
detector = GumbelWatermarkDetector(int(question["key"]), 4)


def measure(run):
    best = float("inf")
    for _ in range(question["rounds"]):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


contexts, targets = detector._prepare_inputs(question["tokens"])
answer = {
    "whole": measure(lambda: detector.detect(question["tokens"])),
    "keyed": measure(lambda: detector._score_tokens(contexts, targets)),
    "scored": len(targets),
    "score": detector.detect(question["tokens"]).score,
}
json.dump(answer, sys.stdout)
