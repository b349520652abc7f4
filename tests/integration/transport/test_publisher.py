"""The producer against a real Kafka: what an acknowledgement means, what is refused, and Kafka going away."""

import asyncio
import ctypes
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import confluent_kafka
import pytest
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient

from ops.local.kafka import LocalKafka
from schemas.envelope import CloudEvent
from tests.conftest import PARTITIONS
from tests.integration.transport.conftest import MakeTopic, paused
from tests.system.parts import records
from tests.unit.examples import NOON
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import CLIENT_MESSAGE_LIMIT, EventTooLarge, KafkaAway, KafkaPublisher

_MIB = 1024 * 1024
_LZ4 = 3
"""Of a record batch's attributes the lowest three bits: https://kafka.apache.org/documentation/#recordbatch"""
_ATTRIBUTES = slice(21, 23)
_DELIVERY_TIMEOUT = 2.0
_EVENT = CloudEvent(id="1", type="test", source="/test", data=b'{"a": 1}', time=NOON, extensions={"sigmak-owner": "k"})


@pytest.fixture(scope="module")
def publisher(kafka: str) -> Iterator[KafkaPublisher]:
    """One for the tests that leave Kafka alone."""
    publisher = KafkaPublisher(KafkaConnection(kafka), client_id="test", delivery_timeout=10)
    eventually(lambda: publisher.available, within=20, what="Kafka is reached")
    yield publisher
    publisher.close()


@asynccontextmanager
async def _publisher(
    bootstrap_servers: str, *, delivery_timeout: float | None = _DELIVERY_TIMEOUT
) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher(KafkaConnection(bootstrap_servers), client_id="test", delivery_timeout=delivery_timeout)
    try:
        await _until(lambda: publisher.available, within=20, what="Kafka is reached")
        yield publisher
    finally:
        await asyncio.to_thread(publisher.close)


def _make_fatal(publisher: KafkaPublisher) -> None:
    """Have librdkafka give its producer up, by its function for tests: no broker can be made to cause it on demand."""
    [library] = (Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs").glob("librdkafka-*.so*")
    # The client's handle is the first field of the object, behind its reference count and type.
    handle = ctypes.c_void_p.from_address(id(publisher._producer) + object.__basicsize__)
    ctypes.CDLL(str(library)).rd_kafka_test_fatal_error(
        handle, KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, b"as if a broker's log had been cut"
    )


async def _until(condition: Callable[[], bool], *, within: float, what: str) -> None:
    await asyncio.to_thread(eventually, condition, within=within, what=what)


async def _seconds(failing: Awaitable[None]) -> float:
    """How long it takes until it fails with KafkaAway."""
    began = time.monotonic()
    with pytest.raises(KafkaAway):
        await failing
    return time.monotonic() - began


# An acknowledged event


async def test_an_acknowledged_event_is_on_the_broker_with_key_headers_and_value(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic = make_topic(kafka)
    await publisher.publish(topic, "ACME", _EVENT)
    [message] = records(kafka, topic)
    assert (message.key(), message.value()) == (b"ACME", _EVENT.data)
    assert message.headers() == _EVENT.headers()


async def test_a_tombstone_has_a_key_and_no_value(publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic) -> None:
    topic = make_topic(kafka)
    await publisher.publish(topic, "task", None)
    [message] = records(kafka, topic)
    assert (message.key(), message.value()) == (b"task", None)


async def test_raw_bytes_are_published_as_they_are(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic, headers = make_topic(kafka), [("a", b"\xff"), ("a", b"twice"), ("b", b"")]
    await publisher.publish_raw(topic, b"\x00\xff", b"\xff\x00", headers)
    [message] = records(kafka, topic)
    assert (message.key(), message.value(), message.headers()) == (b"\x00\xff", b"\xff\x00", headers)


async def test_raw_bytes_go_to_the_partition_that_is_given_whatever_their_key(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic = make_topic(kafka)
    for partition in range(PARTITIONS):
        await publisher.publish_raw(topic, b"ACME", b"x", [], partition=partition)
    assert sorted(message.partition() or 0 for message in records(kafka, topic)) == list(range(PARTITIONS))


async def test_a_key_is_on_the_partition_that_java_and_faust_compute_for_it(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic, partitions = make_topic(kafka), list(range(PARTITIONS))
    keys = ["A", "AAPL", "BRK.B", "BF-B", "0700", "ABCDEFGHIJ", *(f"KEY{n}" for n in range(60))]
    await asyncio.gather(*(publisher.publish(topic, key, _EVENT) for key in keys))
    found = {message.key(): message.partition() for message in records(kafka, topic)}
    partitioner = DefaultPartitioner()
    assert found == {key.encode(): partitioner(key.encode(), partitions, partitions) for key in keys}
    assert len(set(found.values())) == PARTITIONS


async def test_events_of_a_key_keep_the_order_in_which_they_were_published(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic = make_topic(kafka)
    await asyncio.gather(*(publisher.publish_raw(topic, b"ACME", b"%d" % n, []) for n in range(500)))
    assert [message.value() for message in records(kafka, topic)] == [b"%d" % n for n in range(500)]


async def test_events_are_compressed_with_lz4_on_the_broker(disturbed: LocalKafka, make_topic: MakeTopic) -> None:
    topic = make_topic(disturbed.bootstrap_servers)
    async with _publisher(disturbed.bootstrap_servers) as publisher:
        await publisher.publish_raw(topic, b"ACME", b"x" * 900_000, [])
    folder = Path(disturbed.brokers[0].process.log).parent
    [batch] = [log.read_bytes() for log in folder.rglob(f"{topic}-*/*.log") if log.stat().st_size]
    assert int.from_bytes(batch[_ATTRIBUTES], "big") & 0b111 == _LZ4
    assert len(batch) < 20_000


# What is refused


async def test_an_event_over_its_topics_limit_is_too_large_and_the_producer_goes_on(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic = make_topic(kafka)
    with pytest.raises(EventTooLarge, match=topic) as refused:
        await publisher.publish_raw(topic, b"ACME", os.urandom(2 * _MIB), [])
    assert refused.value.outcome_known
    assert publisher.available
    await publisher.publish(topic, "ACME", _EVENT)
    assert [message.value() for message in records(kafka, topic)] == [_EVENT.data]


async def test_the_topics_limit_is_for_what_is_compressed(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic, document = make_topic(kafka), b"a filing repeats itself " * 500_000
    await publisher.publish_raw(topic, b"ACME", document, [])
    assert [message.value() for message in records(kafka, topic)] == [document]


async def test_an_event_over_the_clients_limit_is_too_large_and_the_producer_goes_on(
    publisher: KafkaPublisher, kafka: str, make_topic: MakeTopic
) -> None:
    topic = make_topic(kafka)
    with pytest.raises(EventTooLarge) as refused:
        await publisher.publish_raw(topic, b"ACME", bytes(CLIENT_MESSAGE_LIMIT + 1), [])
    assert refused.value.outcome_known
    await publisher.publish(topic, "ACME", _EVENT)
    assert len(records(kafka, topic)) == 1


async def test_a_topic_that_is_missing_is_not_made_by_publishing_to_it(kafka: str) -> None:
    async with _publisher(kafka) as publisher:
        with pytest.raises(KafkaAway):
            await publisher.publish("test.transport.missing", "ACME", _EVENT)
    assert "test.transport.missing" not in AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=10).topics


# Kafka away


@pytest.mark.alone
async def test_before_kafka_was_ever_reached_an_event_is_refused_at_once() -> None:
    publisher = KafkaPublisher(KafkaConnection("127.0.0.1:1"), client_id="test", delivery_timeout=_DELIVERY_TIMEOUT)
    assert not publisher.available
    assert await _seconds(publisher.publish("any", "ACME", _EVENT)) < 0.5
    await asyncio.to_thread(publisher.close)


@pytest.mark.alone
async def test_a_killed_kafka_is_noticed_within_the_delivery_timeout_then_told_at_once_and_recovered_from(
    disturbed: LocalKafka, make_topic: MakeTopic
) -> None:
    servers = disturbed.bootstrap_servers
    topic = make_topic(servers)
    async with _publisher(servers) as publisher:
        await publisher.publish(topic, "ACME", _EVENT)
        disturbed.kill()
        assert await _seconds(publisher.publish(topic, "ACME", _EVENT)) < _DELIVERY_TIMEOUT + 1.5
        assert not publisher.available
        for _ in range(3):
            assert await _seconds(publisher.publish(topic, "ACME", _EVENT)) < 0.2
        await asyncio.to_thread(disturbed.start)
        await _until(lambda: publisher.available, within=10, what="Kafka is back")
        await publisher.publish_raw(topic, b"ACME", b"afterwards", [])
    assert records(servers, topic)[-1].value() == b"afterwards"


async def test_without_a_delivery_timeout_an_event_waits_for_kafka_and_is_on_it_once(
    disturbed: LocalKafka, make_topic: MakeTopic
) -> None:
    servers = disturbed.bootstrap_servers
    topic = make_topic(servers)
    async with _publisher(servers, delivery_timeout=None) as publisher:
        disturbed.kill()
        publishing = asyncio.create_task(publisher.publish_raw(topic, b"ACME", b"waited", []))
        await _until(lambda: not publisher.available, within=10, what="Kafka is known to be away")
        assert not publishing.done()
        await asyncio.to_thread(disturbed.start)
        await asyncio.wait_for(publishing, 20)
    assert [message.value() for message in records(servers, topic)] == [b"waited"]


_LARGE = bytes(20 * _MIB)
_MORE_THAN_THE_QUEUE_HOLDS = 15


async def test_when_too_much_waits_for_kafka_further_events_are_refused_and_those_that_wait_are_not_lost(
    disturbed: LocalKafka, make_topic: MakeTopic
) -> None:
    servers = disturbed.bootstrap_servers
    topic = make_topic(servers)
    async with _publisher(servers, delivery_timeout=30) as publisher:
        with paused(disturbed):
            publishing = [
                asyncio.create_task(publisher.publish_raw(topic, b"ACME", _LARGE, []))
                for _ in range(_MORE_THAN_THE_QUEUE_HOLDS)
            ]
            refused, waiting = await asyncio.wait(publishing, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            for each in refused:
                fault = each.exception()
                assert isinstance(fault, KafkaAway)
                assert fault.outcome_known
            assert refused
            assert waiting
        await asyncio.gather(*waiting)
    assert len(records(servers, topic)) == len(waiting)


async def test_without_a_delivery_timeout_an_event_waits_for_room_too(
    disturbed: LocalKafka, make_topic: MakeTopic
) -> None:
    servers = disturbed.bootstrap_servers
    topic = make_topic(servers)
    async with _publisher(servers, delivery_timeout=None) as publisher:
        with paused(disturbed):
            publishing = [
                asyncio.create_task(publisher.publish_raw(topic, b"ACME", _LARGE, []))
                for _ in range(_MORE_THAN_THE_QUEUE_HOLDS)
            ]
            await asyncio.wait(publishing, timeout=1)
            assert not [each for each in publishing if each.done()]
        await asyncio.gather(*publishing)
    assert len(records(servers, topic)) == _MORE_THAN_THE_QUEUE_HOLDS


async def test_a_producer_that_librdkafka_gave_up_is_made_anew_and_nobody_waits_for_its_events_for_ever(
    disturbed: LocalKafka, make_topic: MakeTopic
) -> None:
    servers = disturbed.bootstrap_servers
    topic = make_topic(servers)
    async with _publisher(servers, delivery_timeout=None) as publisher:
        with paused(disturbed):
            publishing = asyncio.create_task(publisher.publish(topic, "ACME", _EVENT))
            await asyncio.sleep(0)
            _make_fatal(publisher)
            with pytest.raises(KafkaAway) as raised:
                await asyncio.wait_for(publishing, 10)
            assert not raised.value.outcome_known
        await _until(lambda: publisher.available, within=10, what="Kafka is back")
        await asyncio.wait_for(publisher.publish_raw(topic, b"ACME", b"afterwards", []), 10)
    assert records(servers, topic)[-1].value() == b"afterwards"


async def test_closing_waits_for_events_in_flight(kafka: str, make_topic: MakeTopic) -> None:
    topic = make_topic(kafka)
    async with _publisher(kafka) as publisher:
        publishing = [asyncio.create_task(publisher.publish(topic, "ACME", _EVENT)) for _ in range(100)]
        await asyncio.sleep(0)
    await asyncio.gather(*publishing)
    assert len(records(kafka, topic)) == 100
