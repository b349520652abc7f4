"""Topics as code: what `apply` changes on a real broker, and what `differences` finds there."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from ops.local.kafka import LocalKafka
from schemas.topics import Topic, catalogue
from tests.conftest import PARTITIONS
from tests.integration.transport.conftest import a_topic, pause, resumed_afterwards
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import Difference, KafkaRefuses, KafkaUnreachable, TopicAdmin


@pytest.fixture
def admin(kafka: str) -> TopicAdmin:
    return TopicAdmin(KafkaConnection(kafka))


def _alter(kafka: str, topic: Topic, **settings: str) -> None:
    """As an operator would, by hand."""
    changes = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=changes)
    client = AdminClient({"bootstrap.servers": kafka})
    for done in client.incremental_alter_configs([resource]).values():
        done.result(10)


def _differences(admin: TopicAdmin, topic: Topic) -> list[Difference]:
    """What is found once the broker shows what was altered by hand."""
    return eventually(lambda: admin.differences([topic]), within=10, what=f"a difference of {topic.name}")


def test_apply_creates_what_is_missing_and_says_so(admin: TopicAdmin) -> None:
    topics = [a_topic(partitions=3, cleanup_policy="compact"), a_topic(partitions=1)]
    assert admin.apply(topics) == [f"{topic.name}: created" for topic in topics]
    assert admin.differences(topics) == []


def test_the_whole_catalogue_is_accepted_by_the_broker_word_for_word(admin: TopicAdmin) -> None:
    topics = catalogue(partitions=PARTITIONS)
    admin.apply(topics)
    assert admin.differences(topics) == []


def test_applying_again_changes_nothing(admin: TopicAdmin) -> None:
    topic = a_topic(cleanup_policy="compact")
    admin.apply([topic])
    assert admin.apply([topic]) == []


def test_only_what_is_missing_is_created(admin: TopicAdmin) -> None:
    there, missing = a_topic(), a_topic()
    admin.apply([there])
    assert admin.apply([there, missing]) == [f"{missing.name}: created"]


def test_a_drifted_setting_is_found_and_altered_and_others_are_left(admin: TopicAdmin, kafka: str) -> None:
    topic = a_topic(retention_ms="60000")
    admin.apply([topic])
    _alter(kafka, topic, retention_ms="5", segment_ms="123456")
    [difference] = _differences(admin, topic)
    assert str(difference) == f"{topic.name}: retention.ms is 5, not 60000"
    assert not difference.fatal
    assert admin.apply([topic]) == [f"{topic.name}: retention.ms 5 -> 60000"]
    assert admin.differences([topic]) == []
    assert admin.differences([replace(topic, config={"segment.ms": "123456"})]) == []


def test_a_lost_compact_is_fatal_and_can_be_restored(admin: TopicAdmin, kafka: str) -> None:
    topic = a_topic(cleanup_policy="compact")
    admin.apply([topic])
    _alter(kafka, topic, cleanup_policy="delete")
    [difference] = _differences(admin, topic)
    assert difference.fatal
    admin.apply([topic])
    assert admin.differences([topic]) == []


def test_a_missing_topic_is_fatal(admin: TopicAdmin) -> None:
    topic = a_topic()
    [difference] = admin.differences([topic])
    assert (str(difference), difference.fatal) == (f"{topic.name}: is missing", True)


def test_another_number_of_partitions_is_fatal_and_apply_does_not_touch_it(admin: TopicAdmin) -> None:
    topic = a_topic(partitions=2)
    admin.apply([topic])
    wanted = replace(topic, partitions=3)
    [difference] = admin.differences([wanted])
    assert (str(difference), difference.fatal) == (f"{topic.name}: has 2 partitions, not 3", True)
    assert admin.apply([wanted]) == []
    assert admin.differences([topic]) == []


def test_two_who_apply_at_once_both_succeed_and_each_topic_is_made_once(kafka: str) -> None:
    topics = [a_topic(partitions=1) for _ in range(8)]
    with ThreadPoolExecutor(4) as executor:
        made = list(executor.map(lambda _: TopicAdmin(KafkaConnection(kafka)).apply(topics), range(4)))
    assert sorted(line for lines in made for line in lines) == sorted(f"{topic.name}: created" for topic in topics)
    assert TopicAdmin(KafkaConnection(kafka)).differences(topics) == []


class _GoneAfterTheFirstAnswer(TopicAdmin):
    """Its broker stops answering when it has told which topics there are."""

    def __init__(self, broker: LocalKafka) -> None:
        super().__init__(KafkaConnection(broker.bootstrap_servers), timeout=1)
        self._broker = broker

    def _partition_counts(self) -> dict[str, int]:
        counts = super()._partition_counts()
        pause(self._broker)
        return counts


def test_a_broker_that_goes_away_between_two_questions_is_unreachable_too(disturbed: LocalKafka) -> None:
    topics = [a_topic()]
    TopicAdmin(KafkaConnection(disturbed.bootstrap_servers)).apply(topics)
    for ask in (TopicAdmin.differences, TopicAdmin.apply):
        with resumed_afterwards(disturbed), pytest.raises(KafkaUnreachable):
            ask(_GoneAfterTheFirstAnswer(disturbed), topics)


def test_without_a_broker_the_address_is_named() -> None:
    with pytest.raises(KafkaUnreachable, match=r"127\.0\.0\.1:1"):
        TopicAdmin(KafkaConnection("127.0.0.1:1"), timeout=1).differences([])


def test_what_a_broker_refuses_is_named_with_its_reason(admin: TopicAdmin) -> None:
    with pytest.raises(KafkaRefuses, match="topic no/such name: Topic name is invalid"):
        admin.apply([replace(a_topic(), name="no/such name")])


@pytest.mark.parametrize("code", [KafkaError._SSL, KafkaError._AUTHENTICATION])
def test_a_connection_that_is_refused_between_two_questions_is_none_at_all(code: int) -> None:
    answer: Future[object] = Future()
    answer.set_exception(KafkaException(KafkaError(code)))
    with pytest.raises(KafkaUnreachable):
        TopicAdmin(KafkaConnection("127.0.0.1:1"))._answer("a topic", answer)


def test_apply_waits_for_a_broker_that_does_not_know_a_new_topic_yet(
    admin: TopicAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As one of several brokers does, for milliseconds: the request is answered with "unknown topic", once.
    unknown, asked = a_topic(), TopicAdmin._drifted
    asked_for = iter([[unknown]])
    monkeypatch.setattr(TopicAdmin, "_drifted", lambda self, topics: asked(self, next(asked_for, topics)))
    topic = a_topic()
    created = admin._create([topic])
    admin._wait_until_applied([topic])
    assert created == [f"{topic.name}: created"]
    assert admin.differences([topic]) == []
