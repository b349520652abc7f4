"""The event of a large filing is the one that a small filing has, written piece by piece."""

import contextlib

import orjson
import pytest

from schemas import events
from schemas.events import TooLongAsJson, filing_submitted
from tests.held_lock import holds_it_for
from tests.unit.examples import NOON, a_filing
from transport.publisher import CLIENT_MESSAGE_LIMIT


def _data(document: str, longest: int | None = None) -> bytes:
    filing = a_filing().model_copy(update={"html_content": document})
    return filing_submitted(filing, task_id="1", source="/test", time=NOON, owner=None, longest=longest).data


def test_pieces_say_what_the_whole_says(monkeypatch: pytest.MonkeyPatch) -> None:
    document = 'a“\\" \n\x01😀' * 10
    whole = orjson.loads(_data(document))
    monkeypatch.setattr(events, "_LONG", 2)
    monkeypatch.setattr(events, "_PIECE", 3)
    assert orjson.loads(_data(document)) == whole


def test_a_document_that_is_longer_as_json_than_a_message_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LONG", 10)
    monkeypatch.setattr(events, "_PIECE", 10)
    assert _data("\x01" * 100, longest=600)
    with pytest.raises(TooLongAsJson):
        _data("\x01" * 101, longest=600)


@pytest.mark.parametrize("sign", ["a", '"', "\x01", "a“", "😀"])
def test_others_get_pythons_lock_while_50_mib_are_written(sign: str) -> None:
    document = sign * (50 * 2**20 // len(sign.encode()))

    def write() -> None:
        with contextlib.suppress(TooLongAsJson):
            _data(document, longest=CLIENT_MESSAGE_LIMIT)

    assert not holds_it_for(0.1, write)
