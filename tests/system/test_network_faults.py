"""The network between two parts is cut, slow, or dead without a word: all recovers by itself, and no filing is lost.

One gateway and one worker go through all of it, each with a link of its own to one Kafka; and a follower.
"""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from ops.local.proxied_kafka import ProxiedKafka
from ops.local.toxiproxy import Link, Toxiproxy
from schemas.topics import FILINGS, catalogue
from streams.agents.app import GROUP
from tests.conftest import PARTITIONS, without_its_programs_skipped
from tests.system.flow import (
    FAULTS,
    RECOVERED_WITHIN,
    Flow,
    all_succeed,
    assessed_tasks,
    breaking,
    end_of,
    flows,
    recovers,
)
from tests.system.parts import Gateway, System, Worker, header, records
from tests.system.webhook_parts import GROUP as SENDERS
from tests.system.webhook_parts import OWNER, came, now, send, sender
from tests.waiting import eventually
from tests.webhook_receiver import Receiver
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin
from transport.webhook_secrets import make_secret

_BATCH = 120
"""So many that, a few each half second, they take longer than it takes to see that some have come."""


@dataclass(frozen=True)
class Running:
    """What the tests of this module share."""

    kafka: ProxiedKafka
    system: System
    gateway: Gateway
    worker: Worker
    admin: AdminClient

    def worker_is_given_up(self) -> bool:
        """Whether the broker has no worker in the group any more."""
        return not self.admin.describe_consumer_groups([GROUP])[GROUP].result(10).members

    def senders_gather(self) -> bool:
        """Whether the broker waits until all members of the senders' group have joined it anew."""
        state = self.admin.describe_consumer_groups([SENDERS])[SENDERS].result(10).state
        return state == ConsumerGroupState.PREPARING_REBALANCING

    def on_lane(self) -> set[str]:
        """The tasks whose filings are on the standard lane."""
        return {header(message, "ce_id") or "" for message in records(self.system.kafka, FILINGS)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("network")
    toxiproxy = Toxiproxy(folder)
    with without_its_programs_skipped():
        toxiproxy.start()
    with ProxiedKafka(folder / "kafka", toxiproxy, ["gateway", "worker", "follower"]) as kafka:
        TopicAdmin(KafkaConnection(kafka.kafka.bootstrap_servers)).apply(catalogue(partitions=PARTITIONS))
        analyses = folder / "analyses"
        analyses.mkdir()
        system = System(kafka.kafka.bootstrap_servers, folder, analyses)
        gateway = system.gateway(kafka_bootstrap_servers=kafka.bootstrap_servers("gateway"))
        worker = system.worker("scripted", kafka_bootstrap_servers=kafka.bootstrap_servers("worker"))
        yield Running(kafka, system, gateway, worker, AdminClient({"bootstrap.servers": system.kafka, "log_level": 0}))
        system.stop()
    toxiproxy.stop()


def test_of_a_batch_that_loses_kafka_halfway_the_answer_names_what_was_taken_and_its_key_completes_the_rest(
    running: Running,
) -> None:
    gateway, link = running.gateway, running.kafka.links["gateway"]
    contents = [f"nap-{uuid.uuid4().hex}" for _ in range(_BATCH)]
    filings = [{"ticker": f"HALF{number % 9}", "filing_year": 2024, "html_content": content}
               for number, content in enumerate(contents)]  # fmt: skip
    body, key = {"filings": filings}, {"Idempotency-Key": uuid.uuid4().hex}
    before = running.on_lane()
    try:
        # A few go at a time, and each waits for its acknowledgement.
        link.slow(latency=0.5, bandwidth=1000)
        with ThreadPoolExecutor(1) as client:
            sending = client.submit(gateway.ask, "POST", "/batches", json=body, headers=key, timeout=60)
            eventually(lambda: len(running.on_lane() - before) > 8, within=30, what="some of the batch is on the lane")
            link.cut()
            broken = sending.result(60)
    finally:
        link.heal()
    assert broken.status_code == 503, broken.text
    told = broken.json()
    taken = running.on_lane() - before
    assert 0 < len(told["accepted"]) <= len(taken) < _BATCH
    assert {*told["accepted"]} <= taken <= {*told["accepted"], *told["unknown"]}

    completed = eventually(
        lambda: found if (found := gateway.ask("POST", "/batches", json=body, headers=key)).is_success else None,
        within=60,
        what="the batch is accepted",
    )
    assert completed.json()["batch_id"] == told["batch_id"]
    assert running.on_lane() - before == {*completed.json()["task_ids"]}
    ended = gateway.ask("GET", f"/batches/{told['batch_id']}", params={"wait": 60}, timeout=70).json()
    assert (ended["status"], ended["counts"]) == ("ENDED", {"SUCCESS": _BATCH})
    assert {running.system.executions(content) for content in contents} == {1}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_gateway_whose_network_to_kafka_fails_recovers_and_loses_nothing(running: Running, fault: str) -> None:
    def is_felt(flow: Flow, _broken: float) -> bool:
        return bool(flow.refused) if fault == "slow" else not running.gateway.ready()

    # Two acknowledgements take longer than a gateway waits.
    _outlives(running, running.kafka.links["gateway"], breaking(fault, latency=2.1), is_felt)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_worker_whose_network_to_kafka_fails_recovers_and_loses_nothing(running: Running, fault: str) -> None:
    def is_felt(flow: Flow, broken: float) -> bool:
        if fault != "slow":
            return running.worker_is_given_up()
        sent_while_slow = flow.accepted_since(broken)
        return sent_while_slow is not None and end_of(running.gateway, sent_while_slow) is not None

    # A filing needs four acknowledgements, and one that waits behind others theirs.
    _outlives(running, running.kafka.links["worker"], breaking(fault, latency=0.5), is_felt)


def _outlives(
    running: Running, link: Link, break_it: Callable[[Link], None], is_felt: Callable[[Flow, float], bool]
) -> None:
    """Filings flow, the link breaks until that is felt, it is healed, and in the end nothing of it can be told."""
    gateway, worker = running.gateway, running.worker
    before = assessed_tasks(running.system.kafka)
    try:
        with Flow(gateway) as flow:
            flows(flow, gateway)
            break_it(link)
            broken = time.monotonic()
            eventually(lambda: is_felt(flow, broken), within=60, what="the fault is felt")
            link.heal()
            recovers(gateway, flow, healed=time.monotonic())
    finally:
        link.heal()
    all_succeed(flow, gateway, within=60)
    assert worker.process.running
    assert gateway.process.running
    assessed = assessed_tasks(running.system.kafka) - before
    accepted = {task for task, _ in flow.accepted}
    assert accepted <= assessed <= accepted | flow.perhaps
    again = sum(max(0, running.system.executions(content) - 1) for content in flow.contents)
    assert again <= 1, "only the filing in the worker's hand may be executed again"


def test_a_follower_whose_network_dies_as_it_joins_its_group_is_at_work_again(
    running: Running, receiver: Receiver
) -> None:
    system, link = running.system, running.kafka.links["follower"]
    make_secret(system.webhook_secrets, OWNER, now=now())
    frozen = sender(system)
    send(system, receiver.url("/before/200"))
    came(receiver, "/before/200")
    # As long as Kafka waits for it, nobody who joins is answered.
    os.kill(frozen.process.pid, signal.SIGSTOP)
    joining = sender(system, wait=False, kafka_bootstrap_servers=running.kafka.bootstrap_servers("follower"))
    try:
        eventually(running.senders_gather, within=30, what="it has asked to join")
        link.half_open()
        eventually(lambda: not running.senders_gather(), within=60, what="it was answered")
    finally:
        link.heal()
        frozen.process.kill()
    send(system, receiver.url("/after/200"))
    came(receiver, "/after/200", within=RECOVERED_WITHIN)
    joining.process.kill()
