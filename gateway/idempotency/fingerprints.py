"""What stands for an Idempotency-Key and for a body on the topic of claims: their hashes."""

import asyncio
import hashlib
import re
from http import HTTPStatus
from typing import Annotated

import orjson
from fastapi import Depends, Request

from gateway.batches.batch_publisher import OfferedBatch
from gateway.problems import Problem
from gateway.publisher import Offered

HEADER = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def idempotency_key(request: Request) -> str | None:
    """The key that the request was sent with, None where it has none.

    Raises:
        Problem: 422 where it is not one key of 1 to 255 visible ASCII characters.
    """
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        detail = f"{HEADER} must be given once, as 1 to 255 visible ASCII characters; a UUID made for each filing is."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_idempotency_key", detail)
    return given[0]


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


def claim_key(owner: str, key: str) -> str:
    """Under which an API key's Idempotency-Key is on the topic: no two API keys share one."""
    return hashlib.sha256(f"{owner}\0{key}".encode()).hexdigest()


def body_hash(offered: Offered) -> str:
    """The hash of all that is asked for: equal for two bodies that ask for the same, however they were sent.

    It may take a tenth of a second for the largest document, most of it without the GIL: it belongs in a thread.
    """
    # Without what has its default: a field that a newer gateway knows of must not change what an older one has hashed.
    fields = offered.filing.model_dump(mode="json", exclude={"html_content"}, exclude_defaults=True)
    digest = hashlib.sha256(orjson.dumps([fields, offered.priority], option=orjson.OPT_SORT_KEYS))
    if offered.filing.html_content is not None:
        digest.update(b"\0")
        digest.update(offered.filing.html_content.encode())
    return digest.hexdigest()


async def hash_in_thread(offered: Offered) -> str:
    """The body's hash, while others are answered."""
    return await asyncio.to_thread(body_hash, offered)


async def batch_hash_in_thread(batch: OfferedBatch) -> str:
    """The hash of all that is asked for in a batch, and of its places."""
    return await asyncio.to_thread(_batch_hash, batch)


def _batch_hash(batch: OfferedBatch) -> str:
    of_filings = [[index, body_hash(offered)] for index, offered in batch.filings.items()]
    # As above, only what was given.
    given = [] if batch.callback_url is None else [batch.callback_url]
    return hashlib.sha256(orjson.dumps([batch.size, of_filings, *given])).hexdigest()
