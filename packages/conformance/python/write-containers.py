"""The same rows in containers that other programs write: write-containers.py <folder> <rows>. Prints {name: expected}.

Parquet by pyarrow (three codecs, small row groups), CSV by the csv module, JSON lines as two zstd frames by the reference
implementation and as two gzip members.
"""

import csv
import gzip
import json
import os
import sys

import pyarrow
import pyarrow.parquet
import zstandard

folder, count = sys.argv[1], int(sys.argv[2])
expected = {}


def make(name):
    rows = []
    expected[name] = []
    for number in range(count):
        account = f"{name}-{number % 3}"
        prompt = f'Question {number}, "quoted", which river?\nSecond line; \u6c34 \U0001f30a {number * 7919}'
        response = f"Answer {number}: \u201cIller\u201d, \\n is not a line break"
        rows.append(
            {
                "sourceId": f"{name}-{number}",
                "accountId": account,
                "startedAtMs": 1767600000000 + number * 1000,
                "model": "gpt-x",
                "operation": "chat",
                "status": "ok",
                "messages": [{"role": "user", "text": prompt}],
                "response": response,
                "inputTokens": 10,
                "outputTokens": 100 + number,
            }
        )
        expected[name].append(
            {"account": account, "prompt": prompt, "response": response, "outputTokens": 100 + number}
        )
    return rows


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def flatten(rows):
    return [{**row, "messages": json.dumps(row["messages"])} for row in rows]


for codec in ("snappy", "zstd", "gzip", "brotli"):
    table = pyarrow.Table.from_pylist(flatten(make(f"parquet-{codec}")))
    pyarrow.parquet.write_table(
        table, os.path.join(folder, f"parquet-{codec}"), compression=codec, row_group_size=max(1, count // 3)
    )
rows = flatten(make("csv"))
with open(os.path.join(folder, "csv"), "w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
half = count // 2
for name, pack in (("zstd", zstandard.ZstdCompressor(level=19, write_checksum=True).compress), ("gzip", gzip.compress)):
    rows = make(name)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(pack(lines(rows[:half])) + pack(lines(rows[half:])))
json.dump(expected, sys.stdout)
