"""A filing's JSON is read as pydantic reads it, in memory and time that its document alone decides."""

import json
import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from gateway import filing_json
from gateway.filing_json import read_filing
from gateway.problems import Problem
from gateway.submission_body import AnalyzeRequest, IndexRequest
from tests.held_lock import holds_it_for

_MIB = 1024 * 1024
BEGIN = b'{"ticker":"ACME","filing_year":2024,'
DOCUMENT = b'"html_content":"'


def _refusal(body: bytes) -> Problem:
    with pytest.raises(Problem) as refused:
        read_filing(AnalyzeRequest, body)
    return refused.value


def _fields_at_fault(problem: Problem) -> list[str]:
    return [error["field"] for error in problem.members["errors"]]


@pytest.fixture(params=[16, 20_000, 6_000_000], ids=["small", "middle", "large"])
def padding(request: pytest.FixtureRequest) -> str:
    """Brings a body to the size of each of the ways in which it is read."""
    return '“Risk” \\ " \n\x01 😀 ' * (request.param // 16)


@pytest.mark.parametrize("ascii", [True, False])
def test_it_is_read_as_its_fields_say_whatever_its_size(padding: str, ascii: bool) -> None:
    fields = {
        "labels": {"a/b": "ü", "c": "{\"html_content\":\"x\"}"}, "ticker": "BRK.B", "html_content": padding, "filing_year": 2024,
        "form": None, "callback_url": "https://example.com/html_content", "revenue_usd": 1e9, "priority": "high",
    }  # fmt: skip
    read = read_filing(AnalyzeRequest, json.dumps(fields, ensure_ascii=ascii, indent=2).encode())
    assert read == AnalyzeRequest.model_validate(fields)


@pytest.mark.parametrize(
    "change", [{"ticker": "lower"}, {"labels": {"": 1}}, {"retrieve_top_k": "many"}, {"html_path": "/x"}]
)
def test_a_fault_is_named_whatever_the_size(padding: str, change: dict[str, Any]) -> None:
    fields = {"ticker": "ACME", "filing_year": 2024, "html_content": padding}
    small = _refusal(json.dumps({**fields, "html_content": "x", **change}).encode())
    other = _refusal(json.dumps({**fields, **change}).encode())
    assert (other.status, other.type, other.detail, other.members) == (
        small.status,
        small.type,
        small.detail,
        small.members,
    )


@pytest.mark.parametrize("spoil", [
    lambda body: body[:-1], lambda body: body + b"x", lambda body: body.replace(b"2024", b"20,24"), lambda body: body.replace(b"2024", b"NaN"),
    lambda body: body[:-3] + b"\xff" + body[-3:], lambda body: body[:-3] + b"\\ud800" + body[-3:], lambda body: body[:-3] + b"\n" + body[-3:],
    lambda body: body[:-3] + b"\\x" + body[-3:], lambda body: body.replace(b"ACME", b"\xffACME"), lambda body: body.replace(b"ACME", b"\\udc00"),
])  # fmt: skip
def test_what_is_no_json_is_told_so(padding: str, spoil: Callable[[bytes], bytes]) -> None:
    body = json.dumps({"ticker": "ACME", "filing_year": 2024, "html_content": padding + "...."}).encode()
    problem = _refusal(spoil(body))
    # Pydantic takes NaN for a number, of which the model is told.
    assert problem.type == "not_json" or (len(body) < 16_000 and b"NaN" in spoil(body))


def test_an_unknown_field_is_named_whatever_the_size(padding: str) -> None:
    fields = {"ticker": "ACME", "html_content": padding, "retrieve_top_k": 3, "filing_year": 2024}
    with pytest.raises(Problem) as refused:
        read_filing(IndexRequest, json.dumps(fields).encode())
    assert _fields_at_fault(refused.value) == ["retrieve_top_k"]


@pytest.mark.parametrize("document", [b"5", b"null", b"[]", b'{"a":1}', b"true"])
def test_a_document_that_is_no_text_is_named(padding: str, document: bytes) -> None:
    labels = b'"labels":' + json.dumps({"a": padding[:200]}).encode()
    filler = b" " * len(padding)
    problem = _refusal(BEGIN + labels + b',"html_content":' + filler[: 3 * _MIB] + document + b"}")
    assert problem.status == 422


def test_pieces_do_not_change_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing_json, "_SMALL", 10)
    monkeypatch.setattr(filing_json, "_SKIPPED", 150)
    chance = random.Random(1)
    for piece in (13, 14, 15, 64):
        monkeypatch.setattr(filing_json, "_PIECE", piece)
        for signs in ('\\"/n ', "\\u😀“", "😀", "\x01\\", "日本", '"', "abc "):
            text = "".join(chance.choices(signs, k=400))
            for ascii in (True, False):
                body = json.dumps(
                    {"ticker": "ACME", "filing_year": 2024, "html_content": text}, ensure_ascii=ascii
                ).encode()
                assert read_filing(AnalyzeRequest, body).html_content == text


def _many(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit))


GROWING: dict[str, Callable[[int], bytes]] = {
    "objects in an unknown field": lambda n: BEGIN + b'"z":[' + _many(b"{},", n) + b"{}]}",
    "objects in labels": lambda n: BEGIN + b'"labels":[' + _many(b"{},", n) + b"{}]}",
    "objects in the ticker": lambda n: b'{"ticker":[' + _many(b"{},", n) + b'{}],"filing_year":2024}',
    "objects for a document": lambda n: BEGIN + b'"html_content":[' + _many(b"{},", n) + b"{}]}",
    "lists": lambda n: BEGIN + b'"labels":[' + _many(b"[],", n) + b"[]]}",
    "labels": lambda n: BEGIN + b'"labels":{' + b",".join(b'"%x":0' % i for i in range(n // 11)) + b"}}",
    "labels of one name": lambda n: BEGIN + b'"labels":{' + _many(b'"a":"b",', n) + b'"a":"b"}}',
    "fields": lambda n: BEGIN + b",".join(b'"%x":0' % i for i in range(n // 11)) + b"}",
    "one field": lambda n: b"{" + _many(b'"ticker":"A",', n) + b'"filing_year":2024}',
    "one document": lambda n: b"{" + _many(b'"html_content":"A",', n) + b'"filing_year":2024}',
    "digits": lambda n: BEGIN + b'"retrieve_top_k":' + _many(b"1", n) + b"}",
    "digits after a point": lambda n: BEGIN + b'"revenue_usd":0.' + _many(b"1", n) + b"}",
    "depth": lambda n: BEGIN + b'"labels":' + _many(b"[", n),
    "depth of objects": lambda n: BEGIN + b'"labels":' + _many(b'{"a":', n),
    "a list": lambda n: b"[" + _many(b"{},", n) + b"{}]",
    "spaces": lambda n: b"{" + _many(b" ", n) + b"}",
    "a name": lambda n: BEGIN + b'"' + _many(b"z", n) + b'":0}',
    "a name of control characters": lambda n: BEGIN + b'"' + _many(b"\\u0001", n) + b'":0}',
    "a ticker": lambda n: b'{"filing_year":2024,"html_content":"x","ticker":"' + _many(b"A", n) + b'"}',
}  # fmt: skip


@pytest.mark.parametrize("size", [_MIB, 8 * _MIB])
@pytest.mark.parametrize("kind", GROWING)
def test_nothing_but_a_document_makes_the_gateway_grow_and_the_answer_is_short(kind: str, size: int) -> None:
    body = GROWING[kind](size)
    tracemalloc.start()
    try:
        problem = _refusal(body)
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert grown < 2 * len(body) + _MIB
    assert problem.status in {400, 422}
    assert len(problem.response().body) < 8_000


LARGE: dict[str, Callable[[int], bytes]] = {
    "ASCII": lambda n: BEGIN + DOCUMENT + _many(b"<p>We may be harmed.</p> ", n) + b'"}',
    "without spaces": lambda n: BEGIN + DOCUMENT + _many(b"a", n) + b'"}',
    "typographic": lambda n: BEGIN + DOCUMENT + _many("a“".encode(), n) + b'"}',
    "escapes": lambda n: BEGIN + DOCUMENT + _many(b"\\u0001", n) + b'"}',
    "surrogate pairs": lambda n: BEGIN + DOCUMENT + _many(b"\\ud83d\\ude00", n) + b'"}',
    "backslashes": lambda n: BEGIN + DOCUMENT + _many(b"\\\\", n) + b'"}',
    "quotes": lambda n: BEGIN + DOCUMENT + _many(b'\\"', n) + b'"}',
}  # fmt: skip


@pytest.mark.parametrize("kind", [*LARGE, *GROWING])
def test_others_get_pythons_lock_while_a_body_of_50_mib_is_read(kind: str) -> None:
    body = {**LARGE, **GROWING}[kind](50 * _MIB)

    read = read_filing if kind in LARGE else _refused_filing
    assert not holds_it_for(0.1, lambda: read(AnalyzeRequest, body))


def _refused_filing(_: object, body: bytes) -> Problem:
    return _refusal(body)
