"""vLLM's own generators and detectors of marks, from the files of its wheel, without the engine around them.

watermark-vllm.py FOLDER: FOLDER holds `vllm/`. Reads questions as JSON on standard input, writes answers in the same order.
"""

import json
import sys
import types

import torch

sys.path.insert(0, sys.argv[1])


def stub(name, **members):
    """What the files import from the engine and use nowhere on this path."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


class SilentLogger:
    def __getattr__(self, _):
        return lambda *args, **kwargs: None


stub("vllm.logger", init_logger=lambda _: SilentLogger())
stub("vllm.config.utils", config=lambda cls: cls)
stub("vllm.v1.worker.gpu.sample.gumbel", gumbel_sample=None)

from vllm.v1.watermarking.gumbel import (  # noqa: E402
    DualKeyGumbelWatermarkDetector,
    DualKeyGumbelWatermarker,
    GumbelWatermarkDetector,
    GumbelWatermarker,
)
from vllm.v1.watermarking.prfs import PhiloxPRF  # noqa: E402


def read_uniforms(question):
    contexts = torch.tensor(question["contexts"], dtype=torch.int64)
    tokens = torch.tensor(question["tokens"], dtype=torch.int64)
    return PhiloxPRF(int(question["key"])).uniform(contexts, tokens.unsqueeze(-1)).squeeze(-1).tolist()


def open_detector(question):
    width = question["contextWidth"]
    if question["algorithm"] == "gumbel":
        return GumbelWatermarkDetector(int(question["key"]), width)
    return DualKeyGumbelWatermarkDetector(int(question["key"]), width, alpha=question["alpha"])


def detect(question):
    found = [open_detector(question).detect(text) for text in question["texts"]]
    return [[one.score, one.p_value, one.num_scored_tokens] for one in found]


def generate(question):
    width = question["contextWidth"]
    key = int(question["key"])
    routes = iter(question["routes"])
    if question["algorithm"] == "gumbel":
        marker = GumbelWatermarker(key, width)
        sampler = None
    else:
        marker = DualKeyGumbelWatermarker(key, width, alpha=question["alpha"])

        def sampler(_):
            return torch.tensor([next(routes)])

    text = []
    for row in question["logits"]:
        contexts = torch.tensor([([-1] * width + text)[-width:]], dtype=torch.int64)
        sample = marker.sample(torch.tensor([row], dtype=torch.float32), contexts, sampler)
        text.append(sample.token_ids.item())
    return text


def exchange(question):
    """Texts that the judge writes, and what it finds in texts of ours and in its own."""
    texts = [generate({**question, **steps}) for steps in question["steps"]]
    return [texts, detect({**question, "texts": question["texts"] + texts})]


def tails(question):
    detector = open_detector(question)
    return [detector._get_p_value(score, question["n"]) for score in question["scores"]]


ANSWERS = {"uniforms": read_uniforms, "exchange": exchange, "tails": tails}
json.dump([ANSWERS[question["ask"]](question) for question in json.load(sys.stdin)], sys.stdout)
