"""TextSeal's own generators and detectors, from the files of its wheel, without a model or a tokenizer.

watermark-textseal.py FOLDER: FOLDER holds `textseal/`. Reads questions as JSON on standard input, writes answers in the same order.
"""

import json
import math
import sys
import types

import torch

sys.path.insert(0, sys.argv[1])


def stub(name, **members):
    """What the files import and use nowhere on this path."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


stub("transformers", PreTrainedTokenizer=object, PreTrainedModel=object)
stub("transformers.cache_utils", DynamicCache=object)

from textseal.common.watermark.core import WatermarkConfig  # noqa: E402
from textseal.common.watermark.pseudorandom import prf_uniform  # noqa: E402
from textseal.posthoc.detector import build_detector  # noqa: E402
from textseal.posthoc.generator import GreenlistGenerator, GumbelmaxGenerator  # noqa: E402


class Identity:
    """A tokenizer whose texts are tokens already."""

    vocab_size = 128256

    def encode(self, text, add_special_tokens):
        return text


def configure(question):
    return WatermarkConfig(
        secret_key=int(question["key"]),
        ngram=question["contextWidth"],
        watermark_type=question["type"],
        method="uniform" if question["type"] == "gumbelmax" else "binary",
        gamma=question.get("gamma", 0.5),
        delta=question.get("delta", 2.0),
    )


def read_uniforms(question):
    contexts = torch.tensor(question["contexts"])
    return prf_uniform(contexts, torch.tensor(question["tokens"]), int(question["key"])).tolist()


def detect(question):
    detector = build_detector(Identity(), configure(question))
    found = []
    for text in question["texts"]:
        scores = detector.get_scores_by_t([text], scoring_method="v2", seen_windows=set())[0]
        found.append([scores, finite(detector.get_pvalue(sum(scores), len(scores), 1e-200))])
    return found


def open_generator(question):
    kind = GumbelmaxGenerator if question["type"] == "gumbelmax" else GreenlistGenerator
    generator = object.__new__(kind)
    generator.wm_args = configure(question)
    generator.delta = generator.wm_args.delta
    generator.after_topp = True
    return generator


def generate(question):
    generator = open_generator(question)
    width = question["contextWidth"]
    text = list(question["start"])
    for row in question["logits"]:
        contexts = torch.tensor([text[-width:]])
        text.append(generator.sample_next(torch.tensor([row]), contexts, temperature=1.0, top_p=2.0).item())
    return text


def distributions(question):
    generator = open_generator(question)
    found = []
    for context, row in zip(question["contexts"], question["logits"], strict=True):
        arguments = torch.tensor([row]), torch.tensor([context])
        found.append(generator.sample_next(*arguments, temperature=1.0, top_p=2.0, return_probs=True)[1][0].tolist())
    return found


def exchange(question):
    """Texts that the judge writes, and what it finds in texts of ours and in its own."""
    texts = [generate({**question, **steps}) for steps in question["steps"]]
    return [texts, detect({**question, "texts": question["texts"] + texts})]


def tails(question):
    detector = build_detector(Identity(), configure(question))
    return [finite(detector.get_pvalue(score, question["n"], 1e-200)) for score in question["scores"]]


def finite(value):
    return None if math.isnan(value) else float(value)


ANSWERS = {
    "uniforms": read_uniforms,
    "detect": detect,
    "distributions": distributions,
    "exchange": exchange,
    "tails": tails,
}
json.dump([ANSWERS[question["ask"]](question) for question in json.load(sys.stdin)], sys.stdout)
