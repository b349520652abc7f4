"""What a local broker is told."""

from ops.local.kafka_config import Listeners, Proxied, broker_settings, new_uuid

ONE = {1: Listeners("127.0.0.1:15001", "127.0.0.1:15002")}
THREE = {node: Listeners(f"127.0.0.1:1500{node}", f"127.0.0.1:1510{node}") for node in (1, 2, 3)}


def test_a_single_broker_keeps_one_copy_of_its_own_topics() -> None:
    settings = broker_settings(1, ONE)
    assert settings["offsets.topic.replication.factor"] == "1"
    assert settings["transaction.state.log.replication.factor"] == "1"
    assert settings["min.insync.replicas"] == "1"


def test_three_brokers_keep_three_copies_and_acknowledge_with_two() -> None:
    settings = broker_settings(2, THREE)
    assert settings["node.id"] == "2"
    assert settings["offsets.topic.replication.factor"] == "3"
    assert settings["min.insync.replicas"] == "2"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:15101,2@127.0.0.1:15102,3@127.0.0.1:15103"


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    ids = {new_uuid() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(each) == 22 and not each.startswith("-") for each in ids)


def test_a_listener_behind_a_proxy_advertises_the_proxy() -> None:
    behind = {"GATEWAY": Proxied(listens="127.0.0.1:15003", advertised="127.0.0.1:15004")}
    settings = broker_settings(1, {1: Listeners("127.0.0.1:15001", "127.0.0.1:15002", behind)})
    assert "GATEWAY://127.0.0.1:15003" in settings["listeners"].split(",")
    assert "GATEWAY://127.0.0.1:15004" in settings["advertised.listeners"].split(",")
    assert "GATEWAY:PLAINTEXT" in settings["listener.security.protocol.map"].split(",")


def test_without_proxies_there_are_the_clients_listener_and_the_controllers() -> None:
    settings = broker_settings(1, ONE)
    assert settings["listeners"] == "CLIENTS://127.0.0.1:15001,CONTROLLERS://127.0.0.1:15002"
    assert settings["advertised.listeners"] == "CLIENTS://127.0.0.1:15001"
