"""A batch's text is cut into its filings', and nothing is taken that is no JSON as a whole."""

import json
import random
from typing import Any

import pytest
from pydantic_core import from_json

from gateway import json_tokens
from gateway.batches.batch_json import cut
from gateway.json_tokens import TooManyTokens


def _put_together(body: bytes) -> Any:
    parts = cut(body)
    assert parts is not None
    whole = from_json(parts.rest)
    assert whole["filings"] == [0] * len(parts.spans)
    return {**whole, "filings": [from_json(body[begin:end]) for begin, end in parts.spans]}


@pytest.mark.parametrize(
    "body",
    [
        b'{"filings":[]}', b'{"filings": [ ] }', b'{"filings":[1]}', b'{ "atomic" : true, "filings" : [ {} , [] ] }',
        b'{"filings":[{"a":[1,{"b":[]}],"filings":[2,3]},"x,]}["],"x":{"filings":[4]},"y":["filings",[5]]}',
        b'{"filings":["\\"","\\\\",",\\\\\\",]"],"a":"filings"}',
        '{"filings":["“,”"]}'.encode(),
    ],
)  # fmt: skip
def test_the_parts_say_what_the_whole_says(body: bytes) -> None:
    assert _put_together(body) == json.loads(body)


@pytest.mark.parametrize("window", [2, 3, 7, 64])
def test_cuts_do_not_depend_on_the_pieces_that_are_looked_at(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_tokens, "_WINDOW", window)
    chance = random.Random(window)
    for _ in range(200):
        texts = ["".join(chance.choices('\\",[]{}:x“', k=chance.randrange(12))) for _ in range(6)]
        batch = {"filings": [{texts[0]: texts[1]}, texts[2], [texts[3]]], texts[4]: texts[5]}
        body = json.dumps(batch, ensure_ascii=chance.random() < 0.5).encode()
        assert _put_together(body) == batch


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"1", b'{"filings":1}', b'{"filings":"x"}', b'{"x":{"filings":[1]}}', b'{"filings":[1,2',
        b'{"filings":["x]}', b'{"filings":["x\\', b'{"filings":[1],"filings":[2]}',
    ],
)  # fmt: skip
def test_what_has_another_shape_is_not_cut(body: bytes) -> None:
    assert cut(body) is None


@pytest.mark.parametrize(
    "body",
    [b'{"filings":[1]', b'{"filings":[1}}', b'{"filings":[,]}', b'{"filings":[1,]}', b'{"filings":[{]}',
     b'{"filings":[1]]}', b'{"filings":[\\"]}', b'{"filings":[1]} x', b'{"filings":["a"b"c"]}'],
)  # fmt: skip
def test_of_what_is_no_json_a_part_is_none_either(body: bytes) -> None:
    with pytest.raises(ValueError):
        json.loads(body)
    if cut(body) is not None:
        with pytest.raises(ValueError):
            _put_together(body)


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"filings":[' + b"[]," * 300_000 + b"1]}"])
def test_what_has_more_in_it_than_500_filings_is_refused_without_being_parsed(body: bytes) -> None:
    with pytest.raises(TooManyTokens):
        cut(body)


def test_what_is_in_each_filing_is_counted() -> None:
    parts = cut(b'{"filings":[{"a":1},[[],[],[],[]],0]}')
    assert parts is not None
    assert [count > 6 for count in parts.tokens] == [False, True, False]


def test_backslashes_that_fill_many_windows_are_paired() -> None:
    string = b'"' + b"\\\\" * 400_000 + b'"'
    assert list(json_tokens.tokens(b" " + string + b",", 10)) == [(1, 800_003), (800_003, 800_004)]
