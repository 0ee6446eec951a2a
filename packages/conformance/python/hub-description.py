"""Whether a description in OpenAPI on standard input is valid, by openapi-spec-validator: prints nothing, or what is wrong."""

import json
import sys

from openapi_spec_validator import validate

try:
    validate(json.load(sys.stdin))
except Exception as error:  # noqa: BLE001
    print(type(error).__name__, str(error)[:400])
