"""One of three brokers dies: filings go on, after seconds in which some are refused, and none is lost."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from gateway.materialised.consumer import TopicsConsumer
from ops.local.kafka import Broker, LocalKafka
from ops.local.process import Launch
from schemas.topics import TASKS, catalogue
from streams.agents.app import GROUP
from tests.conftest import PARTITIONS, without_its_programs_skipped
from tests.system.flow import Flow, all_succeed, assessed_tasks, recovers
from tests.system.parts import System
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

REFUSED_FOR = 20
"""Twice the promised 10 s."""
COPIES = {"replication_factor": 3}


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Three brokers, whose topics want two copies of each record before it is acknowledged."""
    kafka = LocalKafka(tmp_path_factory.mktemp("kafka"), brokers=3)
    with without_its_programs_skipped():
        kafka.start()
    TopicAdmin(KafkaConnection(kafka.bootstrap_servers)).apply(catalogue(partitions=PARTITIONS, replication_factor=3))
    yield kafka
    kafka.kill()


def _coordinator(kafka: LocalKafka) -> Broker:
    """The broker that the workers' group reports to, whose death is felt by all parts."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    node = admin.describe_consumer_groups([GROUP])[GROUP].result(10).coordinator.id
    return next(broker for broker in kafka.brokers if broker.node == node)


def _controller(kafka: LocalKafka) -> Broker:
    """The broker that gives partitions their leaders: whose own move only when another has taken its place."""
    # Clients are told of any broker that is alive, not of this one.
    activations = [
        (line, broker)
        for broker in kafka.brokers
        for line in broker.process.log.read_text(encoding="utf-8").splitlines()
        if "Performing controller activation" in line
    ]
    return max(activations, key=lambda activation: activation[0])[1]


def _leader(kafka: LocalKafka) -> Broker:
    """A broker that leads a partition of the status topic."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    node = admin.list_topics(TASKS, timeout=10).topics[TASKS].partitions[0].leader
    return next(broker for broker in kafka.brokers if broker.node == node)


@pytest.mark.parametrize("broker", [_coordinator, _controller])
def test_a_broker_of_three_dies_and_nothing_is_lost(
    brokers: LocalKafka, broker: Callable[[LocalKafka], Broker], tmp_path: Path
) -> None:
    analyses = tmp_path / "analyses"
    analyses.mkdir()
    system = System(brokers.bootstrap_servers, tmp_path, analyses)
    try:
        gateway, worker = system.gateway(**COPIES), system.worker("scripted", **COPIES)
        with Flow(gateway) as flow:
            eventually(lambda: len(flow.accepted) > 20, within=60, what="filings flow")
            victim = broker(brokers)
            died = time.monotonic()
            victim.kill()
            eventually(lambda: flow.accepted_since(died + REFUSED_FOR), within=60, what="acceptance, later")
            recovers(gateway, flow, healed=died + REFUSED_FOR)
        refused_after = [sent - died for sent in flow.refused]
        assert max(refused_after, default=0) < REFUSED_FOR
        all_succeed(flow, gateway, within=60)
        assert worker.process.running
        accepted = {task for task, _ in flow.accepted}
        assert accepted <= assessed_tasks(brokers.bootstrap_servers)
    finally:
        system.stop()
    victim.start()


def test_a_gateway_that_starts_before_a_dead_leaders_death_is_noticed_gets_ready(
    brokers: LocalKafka, tmp_path: Path, analyses: Path, launch: Launch
) -> None:
    system = System(brokers.bootstrap_servers, tmp_path, analyses, launch)
    victim = _leader(brokers)
    victim.kill()
    try:
        system.gateway(**COPIES)
    finally:
        system.stop()
    victim.start()


def test_a_reader_that_heard_of_a_dead_leader_finds_the_one_that_leads_after_it(brokers: LocalKafka) -> None:
    consumer = TopicsConsumer(KafkaConnection(brokers.bootstrap_servers))
    victim = _leader(brokers)
    victim.kill()

    def assigned() -> bool:
        try:
            consumer.assign({TASKS: dict.fromkeys(range(PARTITIONS), 0)})
        except KafkaException:
            return False
        return True

    assert not assigned()
    eventually(assigned, within=REFUSED_FOR, what="each partition's beginning is told")
    consumer.close()
    victim.start()
