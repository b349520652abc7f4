"""Workers and followers check their topics until a broker tells of them, or until they are told to stop."""

import asyncio

import pytest

from streams import topic_check
from streams.topic_check import topics_are_right
from tests.unit.refusing_admin import NO_RIGHT, no_right, refusing


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_check, "_ASK_AGAIN_SECONDS", 0)


async def test_a_right_that_is_granted_late_ends_no_process() -> None:
    told: list[str] = []
    assert await topics_are_right(refusing([no_right(), no_right()]), [], asyncio.Event(), told.append)
    assert told == [NO_RIGHT, NO_RIGHT]


async def test_a_process_that_is_told_to_stop_waits_no_longer_for_a_right() -> None:
    stop = asyncio.Event()
    assert not await topics_are_right(refusing([no_right()]), [], stop, lambda _: stop.set())
