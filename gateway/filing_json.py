"""Reads a filing's JSON: the memory and the time that it takes are those of its document, whatever else is in the text.

A parser makes objects of all that it finds: 20 MB of `{},` became 1 GB before the model refused them. So what is not
small is not parsed as a whole. A first parser skips over each field's text without making an object of it, and stops at
the first field that a filing has not; the document's text is decoded by itself; pydantic sees the rest, which is short.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from gateway.json_tokens import NotTokens, TooManyTokens, tokens
from gateway.problems import Problem, invalid_body, invalid_field, not_json

_DOCUMENT = "html_content"
_DOCUMENT_KEY = b'"html_content"'
_SMALL = 16 * 1024
"""Bytes up to which pydantic parses a filing as a whole and names all that is wrong; they hold 5,000 objects."""
_SKIPPED = 4 * 1024 * 1024
"""Bytes that are skipped and decoded at once, at up to 3.2 ms/MiB; a parser holds Python's lock for as long."""
_PIECE = 1024 * 1024
"""Bytes of a larger document's text that are decoded at once."""
MOST_TOKENS = 256
"""Of one filing, as `tokens` counts. With all of its fields and ten labels it has 62."""
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_FAR = 1024
"""Bytes from a key within which its value is looked for: 60 MB of spaces there hold Python's lock for 44 ms."""
_COLON = re.compile(rb"[ \t\r\n]*+:[ \t\r\n]*+")
_UNITS = re.compile(
    rb"(?:[^\\]++|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u(?![dD][89abAB])[0-9a-fA-F]{4}|\\[^u])*+"
)
"""As many whole escapes as fit; the two halves of a surrogate pair are one."""

Filing = TypeVar("Filing", bound=BaseModel)


def is_long(text: bytes | str) -> bool:
    """Whether reading a body or a document takes so long that it belongs in a thread: more than some 15 ms."""
    return len(text) > _SKIPPED


def read_filing(model: type[Filing], body: bytes) -> Filing:
    """The filing, valid as its model.

    Raises:
        Problem: 400 if it is not JSON; 422 if it is not valid. Of a body over 16 KiB the first unknown field is named.
    """
    try:
        if len(body) <= _SMALL:
            return model.model_validate_json(body)
        fields = _fields(model, body) if len(body) <= _SKIPPED else _fields_beside_document(model, body)
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid_body(error) from error


def _fields(model: type[BaseModel], body: bytes) -> dict[str, Any]:
    try:
        parts = _decoder(model).decode(body)
        return {
            name: _value(name, part) for name in model.model_fields if (part := getattr(parts, name)) is not _ABSENT
        }
    except msgspec.ValidationError as error:
        raise _not_a_filing(str(error)) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise not_json() from error


def _value(name: str, part: msgspec.Raw | str | None) -> Any:
    if not isinstance(part, msgspec.Raw):
        return part
    text = bytes(part)
    if len(text) > _SMALL:
        raise invalid_field(name, f"give at most {_SMALL} bytes of JSON")
    return from_json(text)


_ABSENT = msgspec.Raw()
"""One object for all: a field that is given has another."""


@functools.cache
def _decoder(model: type[BaseModel]) -> msgspec.json.Decoder[Any]:
    fields = [
        (name, str | None if name == _DOCUMENT else msgspec.Raw, msgspec.field(default=_ABSENT))
        for name in model.model_fields
    ]
    return msgspec.json.Decoder(msgspec.defstruct(model.__name__, fields, forbid_unknown_fields=True))


def _not_a_filing(message: str) -> Problem:
    if unknown := _UNKNOWN_FIELD.match(message):
        return invalid_field(unknown[1], "Extra inputs are not permitted")
    if message.endswith(f"`$.{_DOCUMENT}`"):
        return invalid_field(_DOCUMENT, "Input should be a valid string")
    return invalid_field("body", "Input should be an object")


def _fields_beside_document(model: type[BaseModel], body: bytes) -> dict[str, Any]:
    """The fields of a body that is too large to be parsed at once; most of it must be one document."""
    try:
        spans = _documents(body)
    except TooManyTokens as error:
        raise invalid_field("body", "there is more in it than the fields of a filing") from error
    except NotTokens as error:
        raise not_json() from error
    if len(spans) > 1:
        raise invalid_field(_DOCUMENT, "give it once")
    begin, end = spans[0] if spans else (0, 0)
    if len(body) - (end - begin) > _SKIPPED:
        raise invalid_field("body", f"give at most {_SKIPPED} bytes beside {_DOCUMENT}")
    fields = _fields(model, body[:begin] + b'""' + body[end:])
    return {**fields, _DOCUMENT: "".join(_decoded(body, begin + 1, end - 1))}


def _documents(body: bytes) -> list[tuple[int, int]]:
    """Where each text of a document stands, its quotes included."""
    found: list[tuple[int, int]] = []
    depth = 0
    value_at = -1
    for begin, end in tokens(body, MOST_TOKENS):
        first = body[begin : begin + 1]
        if first == b'"':
            if begin == value_at:
                found.append((begin, end))
            elif depth == 1 and body[begin:end] == _DOCUMENT_KEY and (colon := _COLON.match(body, end, end + _FAR)):
                value_at = colon.end()
        elif first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
    return found


def _decoded(body: bytes, begin: int, end: int) -> Iterator[str]:
    """The text of a JSON string, piece by piece."""
    while begin < end:
        until = _piece_end(body, begin, end)
        try:
            yield orjson.loads(b'"' + body[begin:until] + b'"')
        except orjson.JSONDecodeError as error:
            raise not_json() from error
        begin = until


def _piece_end(body: bytes, begin: int, end: int) -> int:
    """Where a piece may end: before a space, which is within no escape and no character, or behind whole escapes."""
    if end - begin <= 2 * _PIECE:
        return end
    if (space := body.find(b" ", begin + _PIECE, begin + 2 * _PIECE)) > 0:
        return space
    matched = _UNITS.match(body, begin, begin + _PIECE)
    until = matched.end() if matched else begin
    # The rest of a character of several bytes.
    while until < end and body[until] & 0b1100_0000 == 0b1000_0000:
        until += 1
    if until == begin:
        raise not_json()
    return until
