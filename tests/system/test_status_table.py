"""The status table from outside: every gateway tells what any gateway was told."""

import shutil

import httpx

from ops.local.kafka import LocalKafka
from schemas.topics import TASKS, catalogue
from tests.conftest import PARTITIONS
from tests.system.parts import Gateway, System, delete_topic
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin


def test_what_one_gateway_accepted_another_can_tell_at_once(system: System) -> None:
    first, second = system.gateway(), system.gateway()
    with httpx.Client(headers={"X-API-Key": first.key}) as client:
        body = {"ticker": "RYW", "filing_year": 2024, "html_content": "x"}
        for _ in range(200):
            accepted = client.post(f"{first.url}/analyze", json=body)
            read = client.get(f"{second.url}/tasks/{accepted.json()['task_id']}")
            assert (accepted.status_code, read.status_code) == (202, 200)


def _restarted(system: System, gateway: Gateway) -> Gateway:
    gateway.process.kill()
    return system.gateway(folder=gateway.folder)


def test_a_killed_gateway_goes_on_from_its_table(system: System) -> None:
    gateway = system.gateway()
    task_id = gateway.submit()
    gateway.status(task_id)
    again = _restarted(system, gateway)
    assert again.ask("GET", f"/tasks/{task_id}", key=gateway.key).status_code == 200
    assert "rebuilding" not in again.process.output()


def test_a_table_whose_folder_was_deleted_is_rebuilt_from_the_topic(system: System) -> None:
    gateway = system.gateway()
    task_id = gateway.submit()
    gateway.process.kill()
    shutil.rmtree(gateway.folder / "status-table")
    again = system.gateway(folder=gateway.folder)
    assert again.ask("GET", f"/tasks/{task_id}", key=gateway.key).status_code == 200


def _make_topic_anew(kafka: str) -> None:
    delete_topic(kafka, TASKS)
    admin, topics = TopicAdmin(KafkaConnection(kafka)), catalogue(partitions=PARTITIONS)
    # The broker may still be deleting the old one when it is asked for the new.
    eventually(lambda: admin.apply(topics) and not admin.differences(topics), within=20, what="the topic made anew")


def test_a_table_of_a_topic_that_was_made_anew_meanwhile_is_rebuilt(own_kafka: LocalKafka, system: System) -> None:
    system.kafka = own_kafka.bootstrap_servers
    gateway = system.gateway()
    old = gateway.submit()
    gateway.status(old)
    gateway.process.kill()
    _make_topic_anew(system.kafka)
    again = system.gateway(folder=gateway.folder)
    assert again.ask("GET", f"/tasks/{old}", key=gateway.key).status_code == 404
    assert again.status(again.submit())["status"] == "PENDING"


def test_a_gateway_notices_while_it_runs_that_the_topic_was_made_anew(own_kafka: LocalKafka, system: System) -> None:
    system.kafka = own_kafka.bootstrap_servers
    gateway = system.gateway()
    old = gateway.submit()
    gateway.status(old)
    _make_topic_anew(system.kafka)
    eventually(
        lambda: gateway.ask("GET", f"/tasks/{old}").status_code == 404, within=30, what="the old topic's task is gone"
    )
    eventually(lambda: gateway.post().status_code == 202, within=40, what="a submission is accepted again")
    assert gateway.status(gateway.submit())["status"] == "PENDING"
