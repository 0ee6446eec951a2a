"""The KGW family by its own programs: torch's and numpy's generators, transformers, MarkLLM; and formulas of theirs that are wrong.

watermark-kgw.py MARKLLM OLD: folders that hold `markllm/watermark/` and an older `transformers/`, or `-`. Reads questions as JSON on
standard input, writes answers in the same order.
"""

import ast
import hashlib
import json
import sys
import types

import numpy
import scipy
import scipy.special
import torch
from transformers.generation.logits_process import WatermarkLogitsProcessor
from transformers.generation.watermarking import WatermarkDetector

MARKLLM, OLD = sys.argv[1:3]
torch.set_num_threads(1)


def digest(numbers):
    return hashlib.sha256(",".join(map(str, numbers)).encode()).hexdigest()


def seeded(seed):
    generator = torch.Generator()
    generator.manual_seed(int(seed))
    return generator


def ask_torch(q):
    n = q["n"]
    return {
        "permutation": digest(torch.randperm(n, generator=seeded(q["seed"])).tolist()),
        "mantissas": digest((torch.rand(n, generator=seeded(q["seed"])) * 2**24).long().tolist()),
        "integers": digest(torch.randint(0, q["range"], (n,), generator=seeded(q["seed"])).tolist()),
    }


def ask_numpy(q):
    mask = numpy.array([True] * q["ones"] + [False] * (q["n"] - q["ones"]))
    numpy.random.default_rng(q["seed"]).shuffle(mask)
    return digest(numpy.nonzero(mask)[0].tolist())


def scores_of(q, row):
    """Distinct logits that single precision holds exactly."""
    vocabulary = q["config"]["vocab_size"]
    return torch.arange(vocabulary).mul(q["multipliers"][row]).remainder(vocabulary).float().div(16)


def ask_hf_raised(q):
    """Tokens whose logits transformers raises, for many contexts."""
    processor = WatermarkLogitsProcessor(device="cpu", **q["config"])
    answers = []
    for row, context in enumerate(q["contexts"]):
        before = scores_of(q, row)[None]
        after = processor(torch.tensor([context]), before)
        answers.append(digest(torch.nonzero(after[0] > before[0]).flatten().tolist()))
    return answers


def open_detector(q):
    config = dict(q["config"])
    model = types.SimpleNamespace(vocab_size=config.pop("vocab_size"), bos_token_id=-1, is_encoder_decoder=False)
    return WatermarkDetector(model, "cpu", config, ignore_repeated_ngrams=q["deduplicate"])


def ask_hf_detect(q):
    """Counts, z and p of transformers' detector, a text at a time."""
    detector = open_detector(q)
    answers = []
    for text in q["texts"]:
        found = detector(torch.tensor([text]), return_dict=True)
        answers.append(
            {
                "scored": int(found.num_tokens_scored[0]),
                "greens": int(found.num_green_tokens[0]),
                "z": float(found.z_score[0]),
                "p": float(found.p_value[0]),
            }
        )
    return answers


def ask_hf_keys(q):
    """z of one text under many keys."""
    answers = []
    for key in q["keys"]:
        question = {"config": {**q["config"], "hashing_key": int(key)}, "deduplicate": q["deduplicate"]}
        answers.append(float(open_detector(question)(torch.tensor([q["text"]]), return_dict=True).z_score[0]))
    return answers


def ask_hf_generate(q):
    """Texts that transformers' processor makes of a bigram model: the token of rank r has weight 1 / (r + 1)."""
    vocabulary = q["config"]["vocab_size"]
    processor = WatermarkLogitsProcessor(device="cpu", **q["config"])
    generator = seeded(q["seed"])
    ranks = torch.arange(vocabulary)
    texts = []
    for text in range(q["count"]):
        tokens = [1 + (text * 7 + i) % (vocabulary - 1) for i in range(4)]
        while len(tokens) < q["length"]:
            scores = torch.empty(1, vocabulary)
            # Token 0 never comes: what follows it is green or not under every key alike.
            scores[0, (tokens[-1] * 31 + ranks * 17) % vocabulary] = -torch.log(ranks + 1.0)
            scores[0, 0] = -torch.inf
            raised = processor(torch.tensor([tokens]), scores)
            tokens.append(int(torch.multinomial(raised.softmax(-1), 1, generator=generator)[0, 0]))
        texts.append(tokens)
    return texts


def stub(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    return module


def open_markllm():
    """MarkLLM's files want a configuration reader, a plot and its exceptions, none of which is used here."""
    stub("markllm").__path__ = [f"{MARKLLM}/markllm"]
    stub("markllm.watermark").__path__ = [f"{MARKLLM}/markllm/watermark"]
    for package in ("utils", "exceptions", "visualize"):
        stub(f"markllm.{package}").__path__ = []
    stub("markllm.utils.utils", load_config_file=None)
    stub("markllm.utils.transformers_config", TransformersConfig=object)
    stub("markllm.exceptions.exceptions", AlgorithmNameMismatchError=Exception)
    stub("markllm.visualize.data_for_visualization", DataForVisualization=object)
    from markllm.watermark.kgw.kgw import KGWUtils
    from markllm.watermark.unigram.unigram import UnigramUtils

    return KGWUtils, UnigramUtils


def ask_markllm_lists(q):
    utils = open_markllm()[0](types.SimpleNamespace(device="cpu", **q["config"]))
    return [digest(sorted(int(i) for i in utils.get_greenlist_ids(torch.tensor(c)))) for c in q["contexts"]]


def ask_markllm_keys(q):
    """z of one text under many keys, by MarkLLM's KGW (`prefix_length` is set) or Unigram."""
    utils = open_markllm()[0 if "prefix_length" in q["config"] else 1]
    text = torch.tensor(q["text"])
    scored = []
    for key in q["keys"]:
        config = types.SimpleNamespace(device="cpu", hash_key=int(key), **q["config"])
        scored.append(float(utils(config).score_sequence(text)[0]))
    return scored


def ask_markllm_mask(q):
    utils = open_markllm()[1](types.SimpleNamespace(**q["config"]))
    return digest(numpy.nonzero(utils.mask)[0].tolist())


def ask_old_p(q):
    """`_compute_pval` of the older file, taken out of it."""
    tree = ast.parse(open(f"{OLD}/transformers/generation/watermarking.py").read())
    (found,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_compute_pval"]
    scope = {"np": numpy, "torch": torch}
    exec(compile(ast.Module([found], []), OLD, "exec"), scope)
    return [float(scope["_compute_pval"](None, numpy.float64(z))) for z in q["z"]]


def ask_new_p(q):
    return [float(WatermarkDetector._compute_pval(None, numpy.float64(z))) for z in q["z"]]


def ask_beta(q):
    """The p-value of three_bricks and radioactive-watermark: max(betainc(score, 1 + n - score, gamma), 1e-200)."""
    values = [max(scipy.special.betainc(k, 1 + q["n"] - k, q["gamma"]), 1e-200) for k in q["greens"]]
    return {"scipy": scipy.__version__, "p": [None if numpy.isnan(value) else float(value) for value in values]}


def ask_windows(q):
    """lm-watermarking's `window_size="max"` on fair text: the largest z of all windows, reported as a normal tail."""
    random = numpy.random.default_rng(q["seed"])
    gamma, length = q["gamma"], q["length"]
    largest = []
    for _ in range(q["count"]):
        sums = numpy.concatenate([[0], numpy.cumsum(random.random(length) < gamma)])
        spread = gamma * (1 - gamma)
        largest.append(
            max(((sums[s:] - sums[:-s]).max() - gamma * s) / (s * spread) ** 0.5 for s in range(1, length))
        )
    return [float(z) for z in largest]


questions = json.load(sys.stdin)
json.dump([globals()[f"ask_{q['ask']}"](q) for q in questions], sys.stdout)
