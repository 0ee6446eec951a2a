"""Marks of vLLM, transformers and SGLang by their own code on a model that is a table of bigrams.

watermark-engines.py VLLM SGLANG TABLE SIZE: folders that hold `vllm/` and `sglang/`, or `-`; ln p(next | last) as float32, SIZE rows of
SIZE. Reads questions as JSON on standard input, writes answers in the same order.
"""

import json
import sys
import types

import numpy
import torch
from transformers import GPT2Config
from transformers.generation.configuration_utils import WatermarkingConfig
from transformers.generation.logits_process import WatermarkLogitsProcessor
from transformers.generation.watermarking import WatermarkDetector

VLLM, SGLANG, TABLE, SIZE = sys.argv[1:5]
torch.set_num_threads(1)
torch.manual_seed(7)
table = torch.from_numpy(numpy.fromfile(TABLE, dtype=numpy.float32).reshape(int(SIZE), int(SIZE)))


def stub(name, **members):
    """What the files import and use nowhere on this path."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


def load_vllm():
    class SilentLogger:
        def __getattr__(self, _):
            return lambda *args, **kwargs: None

    sys.path.insert(0, VLLM)
    stub("vllm.logger", init_logger=lambda _: SilentLogger())
    stub("vllm.config.utils", config=lambda cls: cls)
    stub("vllm.v1.worker.gpu.sample.gumbel", gumbel_sample=None)
    import vllm.v1.watermarking.gumbel as gumbel

    return gumbel


def load_sglang():
    class Struct:
        """msgspec's records, as far as the detector fills and reads them."""

        def __init_subclass__(cls, **_):
            pass

        def __init__(self, **fields):
            self.__dict__.update(fields)

    stub("msgspec", Struct=Struct)
    sys.path.insert(0, f"{SGLANG}/sglang/srt/sampling")
    import watermarking.detector as detector

    return detector


def draw(logits):
    return torch.multinomial(torch.softmax(logits, -1), 1).item()


def ask_vllm_generate(q):
    """The sampler of the engine in small: a repeated context is drawn from without the mark."""
    width = q["contextWidth"]
    marker = load_vllm().GumbelWatermarker(int(q["key"]), width)
    last, text, seen = q["last"], [], set()
    for _ in range(q["tokens"]):
        context = ([-1] * width + text)[-width:]
        if tuple(context) in seen:
            token = draw(table[last])
        else:
            sample = marker.sample(table[last][None], torch.tensor([context], dtype=torch.int64))
            token = sample.token_ids.item()
        seen.add(tuple(context))
        text.append(token)
        last = token
    return text


def ask_vllm_detect(q):
    detector = load_vllm().GumbelWatermarkDetector(int(q["key"]), q["contextWidth"])
    found = [detector.detect(text) for text in q["texts"]]
    return [[one.score, one.p_value, one.num_scored_tokens] for one in found]


def ask_hf_generate(q):
    processor = WatermarkLogitsProcessor(vocab_size=int(SIZE), device="cpu", **q["config"])
    text = [q["last"]]
    for _ in range(q["tokens"]):
        text.append(draw(processor(torch.tensor([text]), table[text[-1]][None].clone())[0]))
    return text[1:]


def ask_hf_detect(q):
    config = GPT2Config(vocab_size=int(SIZE), bos_token_id=int(SIZE) - 1, eos_token_id=int(SIZE) - 1)
    detector = WatermarkDetector(config, "cpu", WatermarkingConfig(**q["config"]), ignore_repeated_ngrams=True)
    found = [detector(torch.tensor([text]), z_threshold=4.0, return_dict=True) for text in q["texts"]]
    return [[float(one.z_score[0]), bool(one.prediction[0]), int(one.num_tokens_scored[0])] for one in found]


def ask_sglang_detect(q):
    detector = load_sglang().WatermarkDetector(q["key"], key_b=q.get("keyB"), context_window=q["contextWidth"])
    found = [detector.detect_tokens(text).combined for text in q["texts"]]
    return [[one.score, one.log_p_value, one.num_contexts] for one in found]


def ask_sglang_hashes(q):
    detector = load_sglang()
    answers = []
    for context, token in q["rows"]:
        hashed = detector.hash_context(context)
        a, b = int(q["key"], 16), int(q["keyB"], 16)
        words = [detector.watermark_hash(key, hashed, token) for key in (a, b)]
        answers.append([hashed, *words, detector.position_coin(a, b, hashed)])
    return answers


json.dump([globals()[f"ask_{q['ask']}"](q) for q in json.load(sys.stdin)], sys.stdout)
