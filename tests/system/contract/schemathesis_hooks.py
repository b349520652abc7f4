"""What OpenAPI can't say of the gateway, said to schemathesis: all that is left out of its checks stands here.

A query belongs to a document that is the body; beside a JSON body it is not read. OpenAPI can't bind a parameter to a media
type. So JSON goes without a query, and a document goes with the two parameters that it needs.

An Idempotency-Key stands for one body: with another, a valid one is refused. So each valid one is new.

A label's value must be printable, which no pattern can say, and beside a document a name must stand once. So what is not
printable is replaced, and a name that comes again is left out.

A path must be below a folder that this gateway allows; which one is no part of the contract. So each valid path is one.

A cursor must be one that a listing gave out; any other text is refused. So only those are sent.
"""

import os
import re
import uuid
from typing import Any

import schemathesis

from gateway.status_table.cursors import NoSuchCursor, position_at

_JSON = "application/json"
_KEY = "Idempotency-Key"
_VALID_KEY = re.compile("[!-~]{1,255}")
_NEEDED = {"ticker": "ACME", "filing_year": 2024}
_ALLOWED_PATH = os.environ["TEST_ALLOWED_PATH"]


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """The case as it can be sent."""
    if case.operation.path in ("/analyze", "/index"):
        _map_submission(case)
    elif case.operation.path == "/tasks" and not _is_cursor(case.query.get("cursor")):
        case.query = {name: value for name, value in case.query.items() if name != "cursor"}
    return case


def _map_submission(case: schemathesis.Case) -> None:
    if _VALID_KEY.fullmatch(str(case.headers.get(_KEY, ""))):
        case.headers[_KEY] = uuid.uuid4().hex
    if case.media_type != _JSON:
        case.query = _NEEDED | dict(case.query or {})
        if isinstance(case.query.get("label"), list):
            case.query["label"] = [*{_name(each): _printable(each) for each in case.query["label"]}.values()]
        return
    case.query = {}
    if not isinstance(case.body, dict):
        return
    changes: dict[str, Any] = {}
    if isinstance(case.body.get("html_path"), str) and case.body["html_path"] != "":
        changes["html_path"] = _ALLOWED_PATH
    if isinstance(case.body.get("labels"), dict):
        changes["labels"] = {name: _printable(value) for name, value in case.body["labels"].items()}
    case.body = {**case.body, **changes}


def _is_cursor(text: Any) -> bool:
    try:
        position_at(str(text))
    except NoSuchCursor:
        return False
    return True


def _name(label: Any) -> str:
    return str(label).partition(":")[0]


def _printable(text: Any) -> Any:
    return "".join(each if each.isprintable() else "x" for each in text) if isinstance(text, str) else text
