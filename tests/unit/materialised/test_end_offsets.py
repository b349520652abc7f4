"""Where a topic ends: many readers share a question, and none gets an answer older than its own."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaError, KafkaException

from gateway.materialised.end_offsets import EndOffsets, Offsets


class Broker:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.questions: list[Future[Offsets]] = []

    def ask(self) -> Offsets:
        """Block until it is answered."""
        self.questions.append(Future())
        return self.questions[-1].result(20)

    def answer(self, number: int, offset: int) -> None:
        """The question of that number, from 0, is answered: every partition ends here."""
        self.questions[number].set_result({0: offset, 1: offset})

    def fail(self, number: int) -> None:
        """Kafka is away for the question of that number."""
        self.questions[number].set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def ends(broker: Broker) -> Iterator[EndOffsets]:
    ends = EndOffsets(broker.ask)
    yield ends
    ends.close()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            if condition():
                return
            await asyncio.sleep(0.001)


async def _asked(broker: Broker, times: int) -> None:
    await _until(lambda: len(broker.questions) == times)


async def _readers(ends: EndOffsets, count: int) -> "list[asyncio.Task[Offsets]]":
    """They have come, one after another."""
    readers = []
    for _ in range(count):
        readers.append(asyncio.create_task(ends.after_now()))
        for _ in range(10):
            await asyncio.sleep(0)
    return readers


async def test_a_reader_gets_the_end_of_every_partition(ends: EndOffsets, broker: Broker) -> None:
    [reader] = await _readers(ends, 1)
    await _asked(broker, 1)
    broker.answer(0, 7)
    assert await reader == {0: 7, 1: 7}


async def test_who_comes_while_a_question_is_out_gets_the_answer_of_the_next_one(
    ends: EndOffsets, broker: Broker
) -> None:
    first, later, latest = await _readers(ends, 3)
    await _asked(broker, 1)
    broker.answer(0, 5)
    assert await first == {0: 5, 1: 5}
    await _asked(broker, 2)
    assert not later.done()
    broker.answer(1, 9)
    assert [await later, await latest] == [{0: 9, 1: 9}] * 2
    assert len(broker.questions) == 2


async def test_who_comes_after_an_answer_asks_anew(ends: EndOffsets, broker: Broker) -> None:
    for number in range(3):
        [reader] = await _readers(ends, 1)
        await _asked(broker, number + 1)
        broker.answer(number, number)
        assert await reader == {0: number, 1: number}


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(ends: EndOffsets, broker: Broker) -> None:
    impatient, patient = asyncio.create_task(ends.after_now()), asyncio.create_task(ends.after_now())
    await _asked(broker, 1)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    broker.answer(0, 7)
    assert await patient == {0: 7, 1: 7}


async def test_a_failed_question_fails_its_readers_and_not_those_of_the_next(ends: EndOffsets, broker: Broker) -> None:
    first, later = await _readers(ends, 2)
    await _asked(broker, 1)
    broker.fail(0)
    with pytest.raises(KafkaException):
        await first
    await _asked(broker, 2)
    broker.answer(1, 7)
    assert await later == {0: 7, 1: 7}
