"""What OpenAPI can't say of the gateway, said to schemathesis: all that is left out of its checks stands here.

A query belongs to a document that is the body; beside a JSON body it is not read. OpenAPI can't bind a parameter to a media
type. So JSON goes without a query, and a document goes with the two parameters that it needs.

An Idempotency-Key stands for one body: with another, a valid one is refused. So each valid one is new.

A label's value must be printable, which no pattern can say, and beside a document a name must stand once. So what is not
printable is replaced, and a name that comes again is left out.

A path must be below a folder that this gateway allows; which one is no part of the contract. So each valid path is one.

A callback's URL must be one that can be called, for a key that has a signing secret, and a test must call nobody. So none is
sent but what is no text.

A minute of waiting for an end is too long for a test. So it is a sixtieth of that.

A batch that is not atomic takes what is valid of it, whatever the schema says of the rest. So each is atomic. A full one keeps
the worker busy for a minute, and all that wait for a task behind it. So of those that are not too long the first filings are sent.

A cursor must be one that a listing gave out; any other text is refused. So only those are sent.

The ids of the description's examples are of the day that they were recorded on, and gone since. So an old id becomes a new one.
"""

import os
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis

from gateway.status_table.cursors import NoSuchCursor, position_at
from schemas.batches import MAX_MEMBERS
from schemas.identifiers import new_task_id, task_created_at

_JSON = "application/json"
_CALLBACK = "callback_url"
_FEW = 3
_A_RUN = timedelta(minutes=20)
_KEY = "Idempotency-Key"
_VALID_KEY = re.compile("[!-~]{1,255}")
_NEEDED = {"ticker": "ACME", "filing_year": 2024}
_ALLOWED_PATH = os.environ["TEST_ALLOWED_PATH"]


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """The case as it can be sent."""
    case.path_parameters = {name: _of_today(value) for name, value in (case.path_parameters or {}).items()}
    match case.operation.path:
        case "/analyze" | "/index":
            _map_submission(case)
        case "/batches":
            _make_key_new(case)
            if isinstance(case.body, dict) and isinstance(case.body.get("filings"), list):
                case.body = _sendable_batch(case.body)
        case "/tasks" if not _is_cursor(case.query.get("cursor")):
            case.query = _without("cursor", case.query)
        case "/tasks/{task_id}" | "/batches/{batch_id}" if _is_wait(case.query.get("wait")):
            case.query = {**case.query, "wait": float(case.query["wait"]) / 60}
    return case


@schemathesis.hook
def before_add_examples(context: schemathesis.HookContext, examples: list[schemathesis.Case]) -> None:
    """The description's own examples, which schemathesis does not hand to `map_case`."""
    for case in examples:
        map_case(context, case)


def _of_today(id: Any) -> Any:
    made = task_created_at(id) if isinstance(id, str) else None
    return id if made is None or datetime.now(UTC) - made < _A_RUN else new_task_id()


def _make_key_new(case: schemathesis.Case) -> None:
    if _VALID_KEY.fullmatch(str(case.headers.get(_KEY, ""))):
        case.headers[_KEY] = uuid.uuid4().hex


def _map_submission(case: schemathesis.Case) -> None:
    _make_key_new(case)
    if case.media_type != _JSON:
        case.query = _NEEDED | _without(_CALLBACK, case.query)
        if isinstance(case.query.get("label"), list):
            case.query["label"] = [*{_name(each): _printable(each) for each in case.query["label"]}.values()]
        return
    case.query = {}
    if isinstance(case.body, dict):
        case.body = _sendable(case.body)


def _sendable_batch(batch: dict[str, Any]) -> dict[str, Any]:
    filings = batch["filings"]
    few = filings[:_FEW] if len(filings) <= MAX_MEMBERS else filings
    changes: dict[str, Any] = {"filings": [_sendable(each) if isinstance(each, dict) else each for each in few]}
    if isinstance(batch.get("atomic", True), bool):
        changes["atomic"] = True
    if isinstance(batch.get(_CALLBACK), str):
        changes[_CALLBACK] = None
    return batch | changes


def _sendable(filing: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if isinstance(filing.get(_CALLBACK), str):
        changes[_CALLBACK] = None
    if isinstance(filing.get("html_path"), str) and filing["html_path"] != "":
        changes["html_path"] = _ALLOWED_PATH
    if isinstance(filing.get("labels"), dict):
        changes["labels"] = {name: _printable(value) for name, value in filing["labels"].items()}
    return {**filing, **changes}


def _without(name: str, query: Mapping[str, Any]) -> dict[str, Any]:
    return {each: value for each, value in query.items() if each != name}


def _is_wait(seconds: Any) -> bool:
    try:
        return 0 <= float(seconds) <= 60
    except (TypeError, ValueError):
        return False


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
