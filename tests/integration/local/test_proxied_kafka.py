"""A Kafka whose clients are cut off from it one by one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from ops.local.proxied_kafka import ProxiedKafka
from ops.local.toxiproxy import Toxiproxy
from tests.conftest import without_its_programs_skipped


@pytest.fixture
def toxiproxy(tmp_path: Path) -> Iterator[Toxiproxy]:
    server = Toxiproxy(tmp_path)
    with without_its_programs_skipped():
        server.start()
    yield server
    server.stop()


def brokers(bootstrap_servers: str) -> set[str]:
    """Where a client is told that the brokers are."""
    metadata = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0}).list_topics(timeout=10)
    return {f"{broker.host}:{broker.port}" for broker in metadata.brokers.values()}


@pytest.mark.parametrize("count", [1, 3])
def test_a_client_is_told_the_addresses_of_its_own_link_and_loses_all_of_them_with_it(
    tmp_path: Path, toxiproxy: Toxiproxy, count: int
) -> None:
    with ProxiedKafka(tmp_path / "kafka", toxiproxy, ["gateway-1", "worker"], brokers=count) as proxied:
        for client in ("gateway-1", "worker"):
            addresses = proxied.bootstrap_servers(client)
            assert len(addresses.split(",")) == count
            assert brokers(addresses) == set(addresses.split(","))
        direct = proxied.kafka.bootstrap_servers
        assert brokers(direct) == set(direct.split(","))

        proxied.links["gateway-1"].cut()
        with pytest.raises(KafkaException):
            AdminClient({"bootstrap.servers": proxied.bootstrap_servers("gateway-1"), "log_level": 0}).list_topics(
                timeout=1
            )
        assert brokers(proxied.bootstrap_servers("worker"))
