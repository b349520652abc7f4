"""What OpenAPI can't say of the gateway, said to schemathesis: all that is left out of its checks stands here.

A query belongs to a document that is the body; beside a JSON body it is not read. OpenAPI can't bind a parameter to a media
type. So JSON goes without a query, and a document goes with the two parameters that it needs.

A path must be below a folder that this gateway allows; which one is no part of the contract. So each valid path is one.
"""

import os
from typing import Any

import schemathesis

_JSON = "application/json"
_NEEDED = {"ticker": "ACME", "filing_year": 2024}
_ALLOWED_PATH = os.environ["TEST_ALLOWED_PATH"]


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """The case as it can be sent."""
    if case.operation.path not in ("/analyze", "/index"):
        return case
    if case.media_type == _JSON:
        case.query = {}
        if _has_path(case.body):
            case.body = {**case.body, "html_path": _ALLOWED_PATH}
    else:
        case.query = _NEEDED | dict(case.query or {})
    return case


def _has_path(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("html_path"), str) and body["html_path"] != ""
