"""LiteLLM's own standard logging payloads, one JSON line a call: write-litellm.py <file> <calls>. Prints what was asked."""

import json
import os
import sys
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from litellm.integrations.custom_logger import CustomLogger

path, calls = sys.argv[1], int(sys.argv[2])
payloads = []


class Keep(CustomLogger):
    def log_success_event(self, kwargs, response_obj, start_time, end_time):
        payloads.append(kwargs["standard_logging_object"])


litellm.callbacks = [Keep()]
expected = []
for number in range(calls):
    account = f"litellm-{number % 3}"
    prompt = f"Question {number}: which river?\nSecond line, \u6c34 {number * 7919}"
    response = f"Answer {number}: \u201cIller\u201d"
    reply = litellm.completion(
        model="openai/gpt-4o",
        api_key="none",
        temperature=0.25,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}],
        mock_response=response,
        metadata={"user_api_key_hash": account},
    )
    expected.append(
        {"account": account, "prompt": prompt, "response": response, "outputTokens": reply.usage.completion_tokens}
    )
for _ in range(200):
    if len(payloads) >= calls:
        break
    time.sleep(0.05)
with open(path, "w", encoding="utf-8") as file:
    for payload in payloads:
        file.write(json.dumps(payload, default=str) + "\n")
json.dump(expected, sys.stdout)
