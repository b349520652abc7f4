"""Where a topic ends: many readers share a request, and none gets an answer older than its question."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec

from gateway.materialised.end_offsets import EndOffsets, Offsets


class FakeAdmin:
    """An `AdminClient` that answers when the test says so."""

    def __init__(self) -> None:
        self.requests: list[dict[TopicPartition, Future[ListOffsetsResultInfo]]] = []

    def list_offsets(
        self, asked: Mapping[TopicPartition, OffsetSpec], *, request_timeout: float
    ) -> dict[TopicPartition, Future[ListOffsetsResultInfo]]:
        """One future a partition."""
        assert request_timeout > 0
        self.requests.append({partition: Future() for partition in asked})
        return self.requests[-1]

    def answer(self, number: int, offset: int) -> None:
        """The request of that number, from 0, is answered: every partition ends here."""
        for future in self.requests[number].values():
            future.set_result(ListOffsetsResultInfo(offset, timestamp=-1, leader_epoch=0))

    def fail(self, number: int) -> None:
        """Kafka is away for the request of that number."""
        for future in self.requests[number].values():
            future.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))


@pytest.fixture
def admin() -> FakeAdmin:
    return FakeAdmin()


@pytest.fixture
def ends(admin: FakeAdmin) -> EndOffsets:
    return EndOffsets(cast("AdminClient", admin), "topic", 2, timeout=1)


async def _a_reader(ends: EndOffsets) -> "asyncio.Task[Offsets]":
    reader = asyncio.create_task(ends.after_now())
    await _settled()
    return reader


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_reader_gets_the_end_of_every_partition(ends: EndOffsets, admin: FakeAdmin) -> None:
    reader = await _a_reader(ends)
    admin.answer(0, 7)
    assert await reader == {0: 7, 1: 7}


async def test_who_comes_while_a_request_is_out_gets_the_answer_of_the_next_one(
    ends: EndOffsets, admin: FakeAdmin
) -> None:
    first, later, latest = [await _a_reader(ends) for _ in range(3)]
    assert len(admin.requests) == 1
    admin.answer(0, 5)
    assert await first == {0: 5, 1: 5}
    await _settled()
    assert not later.done()
    assert len(admin.requests) == 2
    admin.answer(1, 9)
    assert [await later, await latest] == [{0: 9, 1: 9}] * 2
    assert len(admin.requests) == 2


async def test_who_comes_after_an_answer_asks_anew(ends: EndOffsets, admin: FakeAdmin) -> None:
    for number in range(3):
        reader = await _a_reader(ends)
        admin.answer(number, number)
        assert await reader == {0: number, 1: number}


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(ends: EndOffsets, admin: FakeAdmin) -> None:
    impatient, patient = asyncio.create_task(ends.after_now()), asyncio.create_task(ends.after_now())
    await _settled()
    impatient.cancel()
    await _settled()
    admin.answer(0, 7)
    assert await patient == {0: 7, 1: 7}


async def test_a_failed_request_fails_its_readers_and_not_those_of_the_next(ends: EndOffsets, admin: FakeAdmin) -> None:
    first, later = await _a_reader(ends), await _a_reader(ends)
    admin.fail(0)
    with pytest.raises(KafkaException):
        await first
    await _settled()
    admin.answer(1, 7)
    assert await later == {0: 7, 1: 7}


def test_a_thread_may_ask_and_wait() -> None:
    class Answering(FakeAdmin):
        """Answers at once."""

        def list_offsets(
            self, asked: Mapping[TopicPartition, OffsetSpec], *, request_timeout: float
        ) -> dict[TopicPartition, Future[ListOffsetsResultInfo]]:
            futures = super().list_offsets(asked, request_timeout=request_timeout)
            self.answer(0, 3)
            return futures

    assert EndOffsets(cast("AdminClient", Answering()), "topic", 2, timeout=1).now() == {0: 3, 1: 3}
