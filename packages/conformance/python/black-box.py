"""Squared MMD with the Hamming kernel, and permutation p-values, by the package of the authors of model equality testing.
Reads {length, cases: [[{ours, theirs}]], draws}, writes [{mmd, p}]; p only for the first cases."""

import contextlib
import io
import json
import sys
import warnings

warnings.simplefilter("ignore")

import torch
from model_equality_testing.distribution import CompletionSample
from model_equality_testing.pvalue import two_sample_permutation_pvalue
from model_equality_testing.tests import mmd_hamming


def sample(case, side, length):
    prompts, rows = [], []
    for number, prompt in enumerate(case):
        for text in prompt[side]:
            points = [ord(letter) for letter in text][:length]
            prompts.append(number)
            rows.append(points + [-1] * (length - len(points)))
    return CompletionSample(prompts=torch.tensor(prompts), completions=torch.tensor(rows), m=len(case))


asked = json.load(sys.stdin)
told = []
torch.manual_seed(1)
for number, case in enumerate(asked["cases"]):
    ours, theirs = (sample(case, side, asked["length"]) for side in ("ours", "theirs"))
    mmd = float(mmd_hamming(ours, theirs))
    p = None
    if number < asked["tested"]:
        with contextlib.redirect_stderr(io.StringIO()):
            calculator = two_sample_permutation_pvalue(ours, theirs, b=asked["draws"], stat_type="mmd_hamming")
        p = float(calculator(mmd))
    told.append({"mmd": mmd, "p": p})
json.dump(told, sys.stdout)
