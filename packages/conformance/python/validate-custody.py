"""Reads JSON-LD graphs (a JSON array of texts), answers for each: does case_validate accept it, and what rdflib finds in it."""

import json
import subprocess
import sys
import tempfile

import rdflib

VERSION = sys.argv[1]
# What the command case_validate runs.
RUN = "import sys; from case_utils.case_validate import main; sys.exit(main())"

FOUND = """
PREFIX action: <https://ontology.unifiedcyberontology.org/uco/action/>
PREFIX core: <https://ontology.unifiedcyberontology.org/uco/core/>
PREFIX investigation: <https://ontology.caseontology.org/case/investigation/>
PREFIX observable: <https://ontology.unifiedcyberontology.org/uco/observable/>
PREFIX types: <https://ontology.unifiedcyberontology.org/uco/types/>
SELECT DISTINCT ?what ?name ?hash WHERE {
  ?action a investigation:InvestigativeAction ; core:name ?what ; action:performer ?by ; action:instrument ?with ;
    action:result ?file .
  ?file a observable:File ; core:name ?name ; core:hasFacet ?facet .
  ?facet observable:hash ?h . ?h types:hashValue ?hash .
}
"""

answers = []
for text in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile(mode="w", suffix=".jsonld", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        run = subprocess.run(
            [sys.executable, "-c", RUN, "--built-version", VERSION, file.name],
            capture_output=True,
            text=True,
        )
        graph = rdflib.Graph().parse(file.name, format="json-ld")
    verdict = [line for line in run.stdout.splitlines() if line.startswith("Conforms: ")]
    if len(verdict) != 1:
        raise SystemExit("case_validate gave no verdict: " + run.stderr[-600:])
    results = sorted([str(row.what), str(row.name), str(row.hash).lower()] for row in graph.query(FOUND))
    answers.append({"conforms": verdict == ["Conforms: True"], "said": (run.stdout + run.stderr)[-600:], "triples": len(graph), "results": results})
json.dump(answers, sys.stdout)
