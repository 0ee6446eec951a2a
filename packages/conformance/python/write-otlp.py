"""Real OpenAI client calls through a real OpenTelemetry instrumentation, exported by the OTLP/JSON file exporter.

Usage: write-otlp.py <official-spans|official-events|openllmetry|openinference> <file> <calls>
The model behind the client is a local HTTP server with canned answers. Writes the file; prints what was asked and
answered as JSON, as far as the file holds it: [{account, prompt, response, outputTokens}].
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

which, path, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
if which == "official-events":
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true"

import openai
from opentelemetry.exporter.otlp.json.file._log_exporter import FileLogExporter
from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

account = ""


class NameAccount(SpanProcessor):
    """The gateway's own knowledge: whose call this is. The conventions leave it to `enduser.id`."""

    def on_start(self, span, parent_context=None):
        span.set_attribute("enduser.id", account)


class NameAccountOfLog(LogRecordProcessor):
    def on_emit(self, log_record):
        record = log_record.log_record
        record.attributes = {**(record.attributes or {}), "enduser.id": account}

    def shutdown(self):
        pass

    def force_flush(self, timeout_millis=30000):
        return True


def answer(number):
    return f"Answer {number}: the river's name is \u201cIller\u201d \u2014 \u00e9t\u00e9, \u6c34, \U0001f30a."


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number = body["seed"]
        reply = json.dumps(
            {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion",
                "created": 1767600000,
                "model": "gpt-x-2026",
                "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer(number)}}
                ],
                "usage": {"prompt_tokens": 10 + number, "completion_tokens": 100 + number, "total_tokens": 110 + 2 * number},
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()

spans = TracerProvider()
spans.add_span_processor(NameAccount())
logs = LoggerProvider()
logs.add_log_record_processor(NameAccountOfLog())
if which == "official-events":
    logs.add_log_record_processor(BatchLogRecordProcessor(FileLogExporter(path)))
else:
    spans.add_span_processor(BatchSpanProcessor(FileSpanExporter(path)))

if which.startswith("official"):
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
elif which == "openllmetry":
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor
else:
    from openinference.instrumentation.openai import OpenAIInstrumentor
OpenAIInstrumentor().instrument(tracer_provider=spans, logger_provider=logs)

client = openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1", max_retries=0)
expected = []
for number in range(calls):
    account = f"{which}-{number % 3}"
    prompt = f"Question {number}: which river, \u201cquoted\u201d and \\escaped\\?\nSecond line, \u6c34 {number * 7919}"
    reply = client.chat.completions.create(
        model="gpt-x",
        seed=number,
        temperature=0.25,
        max_tokens=300,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}],
    )
    expected.append(
        {
            "account": account,
            "prompt": "" if which == "official-spans" else prompt,
            "response": None if which == "official-spans" else reply.choices[0].message.content,
            "outputTokens": 0 if which == "official-events" else reply.usage.completion_tokens,
        }
    )
spans.shutdown()
logs.shutdown()
json.dump(expected, sys.stdout)
