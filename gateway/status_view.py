"""A task's status as a reader may see it."""

import re

import orjson

from gateway.keys import ApiKey
from gateway.status_table.rows import StatusRow
from schemas.callbacks import Callback

_GIVEN = re.compile(rb'"callback_url"\s*:\s*"')
"""Looked for before the status is parsed, which may have megabytes. Within a text its quotes would be escaped."""


def shown_to(caller: ApiKey, row: StatusRow, status: bytes) -> bytes:
    """The status of `row`, or its summary, as the caller may see it.

    To the task's owner it is handed on as it came. Others who may read it see of a callback URL who is called, and
    neither path nor query, which may hold a secret of the receiver's.
    """
    if row.owner == caller.id or not _GIVEN.search(status):
        return status
    told = orjson.loads(status)
    return orjson.dumps({**told, "callback_url": _receiver(told.get("callback_url"))})


def _receiver(url: str | None) -> str | None:
    try:
        return None if url is None else Callback.of(url).receiver
    except ValueError:
        return None  # nobody is called there
