"""One of three brokers dies: filings go on, after seconds in which some are refused, and none is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from ops.local.kafka import Broker, LocalKafka
from schemas.topics import catalogue
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


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[LocalKafka]:
    """Three brokers, whose topics want two copies of each record before it is acknowledged."""
    kafka = LocalKafka(tmp_path / "kafka", brokers=3)
    with without_its_programs_skipped():
        kafka.start()
    TopicAdmin(KafkaConnection(kafka.bootstrap_servers)).apply(catalogue(partitions=PARTITIONS, replication_factor=3))
    yield kafka
    kafka.kill()


def test_of_three_brokers_the_workers_coordinator_dies_and_nothing_is_lost(brokers: LocalKafka, tmp_path: Path) -> None:
    analyses = tmp_path / "analyses"
    analyses.mkdir()
    system = System(brokers.bootstrap_servers, tmp_path, analyses)
    try:
        gateway, worker = system.gateway(**COPIES), system.worker("scripted", **COPIES)
        with Flow(gateway) as flow:
            eventually(lambda: len(flow.accepted) > 20, within=60, what="filings flow")
            coordinator = _coordinator(brokers)
            died = time.monotonic()
            coordinator.kill()
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


def _coordinator(kafka: LocalKafka) -> Broker:
    """The broker that the workers' group reports to, whose death is felt by all parts."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    node = admin.describe_consumer_groups([GROUP])[GROUP].result(10).coordinator.id
    return next(broker for broker in kafka.brokers if broker.node == node)
