"""What becomes of an event when its processing ends in each of the ways that it can."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import TP

from streams.agents.consumer import ExplicitAckConsumer
from streams.agents.delivery import add_agent
from streams.incoming import KafkaRecord
from streams.processor import Abandoned
from tests.system.analyses import Panic


class Consumer(ExplicitAckConsumer):
    """Takes each message for the next one, and notes which are acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    async def is_next(self, message: Any) -> bool:
        return message.offset >= 0

    def acknowledge(self, message: Any) -> bool:
        self.acknowledged.append(message.offset)
        return True


class App:
    """As much of Faust's app as an agent is made with."""

    def __init__(self) -> None:
        self.consumer = Consumer()
        self.consume: Callable[[Any], Awaitable[None]]

    def topic(self, name: str, **_settings: Any) -> str:
        return name

    def agent(self, *_topic: str, **_settings: Any) -> Callable[[Any], None]:
        return lambda consume: setattr(self, "consume", consume)


class TwoEvents:
    """A stream of the offsets 0 and 1."""

    enable_acks = True

    async def events(self) -> AsyncIterator[Any]:
        for offset in range(2):
            place = {"topic": "lane", "partition": 0, "offset": offset, "tp": TP("lane", 0), "timestamp": 0.0}
            yield SimpleNamespace(message=SimpleNamespace(**place, key=b"k", value=b"v", headers=[]))


async def _consumed(fault: BaseException | None) -> tuple[list[int], list[BaseException]]:
    """The acknowledged offsets, and what the process was ended with, where the first event ends in this fault."""
    app, ends = App(), list[BaseException]()

    async def process(record: KafkaRecord) -> None:
        if record.offset == 0 and fault is not None:
            raise fault

    add_agent(cast("faust.App", app), "lane", KafkaRecord, process, ends.append)
    with contextlib.suppress(type(fault) if fault else ()):
        await app.consume(TwoEvents())
    return app.consumer.acknowledged, ends


async def test_what_was_processed_is_acknowledged() -> None:
    assert await _consumed(None) == ([0, 1], [])


@pytest.mark.parametrize("fault", [KeyError("ours"), Panic("a library's"), SystemExit(1)], ids=repr)
async def test_what_nobody_expects_ends_the_process_before_another_event_is_taken(fault: BaseException) -> None:
    assert await _consumed(fault) == ([], [fault])


async def test_an_event_that_was_let_go_of_is_not_acknowledged() -> None:
    assert await _consumed(Abandoned()) == ([1], [])


async def test_a_rebalance_that_takes_the_actor_ends_nothing() -> None:
    assert await _consumed(asyncio.CancelledError()) == ([], [])
