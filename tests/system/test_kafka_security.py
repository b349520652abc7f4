"""A Kafka that asks for TLS and a user is reached by every client, and nothing secret is told to anybody else."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Message, Producer

from ops.local.process import Launch
from schemas.topics import FILINGS, FILINGS_DEAD, FILINGS_RETRIES, TASKS, catalogue
from tests.conftest import PARTITIONS, without_its_programs_skipped
from tests.system.parts import System, Worker, header, records
from tests.system.secured_kafka import KEY_PASSWORD, PASSWORD, SecuredKafka, Settings
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

_WRONG_PASSWORD = "a-password-of-nobody"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    kafka = SecuredKafka(tmp_path_factory.mktemp("secured"))
    with without_its_programs_skipped():
        kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture
def system(secured: SecuredKafka, analyses: Path, launch: Launch, tmp_path: Path) -> Iterator[System]:
    running = System(secured.unsecured, tmp_path, analyses, launch)
    yield running
    running.stop()


def sigmak(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command under these settings, which must do what it is asked."""
    answer = attempted(settings, *arguments)
    assert answer.returncode == 0, answer.stderr
    return answer


def attempted(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command under these settings, whatever comes of it."""
    variables = {f"SIGMAK_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "ops.main", *arguments],
        env={**os.environ, **variables, "SIGMAK_PARTITIONS": str(PARTITIONS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def logs(system: System) -> str:
    """What all processes have written."""
    return "\n".join(process.log.read_text() for process in system.processes)


def leave(worker: Worker) -> None:
    """End a worker: killed, it would be a member of the group for a while, and the next test's would wait for it."""
    worker.terminate()
    assert worker.process.ended_within(20)


def test_every_process_and_command_works_as_a_user_over_tls(secured: SecuredKafka, system: System) -> None:
    settings = secured.ways["PLAIN"]
    sigmak(settings, "topics", "apply")
    worker = system.worker("scripted", retry_delays="[0.1, 0.1, 0.1]", drain_seconds=1, wait=False, **settings)
    followers = [system.follower(name, wait=False, **settings) for name in ("forwarder", "janitor", "webhooks")]
    gateway = system.gateway(**settings)
    for part in (worker, *followers):
        part.process.wait_until_ready(part.ready, within=60)
    second, lost = (gateway.submit(html_content=f"{kind}-{uuid.uuid4().hex}") for kind in ("second", "transient"))
    assert gateway.ended(second)["status"] == "SUCCESS"
    assert gateway.ended(lost)["status"] == "FAILURE"
    assert lost in [each["task_id"] for each in json.loads(sigmak(settings, "dead", "list", "--json").stdout)]
    leave(worker)


@pytest.mark.parametrize("way", ["CERTIFICATE", "SCRAM"])
def test_gateway_and_worker_connect_in_the_other_ways(secured: SecuredKafka, system: System, way: str) -> None:
    TopicAdmin(KafkaConnection(secured.unsecured)).apply(catalogue(partitions=PARTITIONS))
    worker = system.worker(drain_seconds=1, wait=False, **secured.ways[way])
    gateway = system.gateway(**secured.ways[way])
    assert gateway.ended(gateway.submit(), within=60)["status"] == "SUCCESS"
    leave(worker)


def test_who_is_refused_is_not_ready_says_why_and_tells_no_secret(secured: SecuredKafka, system: System) -> None:
    plain = secured.ways["PLAIN"]
    another: Settings = {**plain, "kafka_sasl_password": _WRONG_PASSWORD}
    distrusting: Settings = {**plain, "kafka_ca_file": secured.unknown_authority}
    parts = {
        "Authentication failed": [
            system.starting_gateway(**another).ask_without_key,
            system.worker(wait=False, **another).ask,
        ],
        "certificate verify failed": [
            system.starting_gateway(**distrusting).ask_without_key,
            system.follower("forwarder", wait=False, **distrusting).ask,
        ],
    }
    told = ""
    for reason, asks in parts.items():
        for ask in asks:
            told += eventually(partial(_not_ready, ask, reason), within=40, what=f"/ready says: {reason}")
    told += logs(system)
    assert not [secret for secret in (PASSWORD, _WRONG_PASSWORD) if secret in told]


def test_who_may_not_see_a_topics_settings_says_so_and_goes_on_when_the_right_is_granted(
    secured: SecuredKafka, system: System
) -> None:
    TopicAdmin(KafkaConnection(secured.unsecured)).apply(catalogue(partitions=PARTITIONS))
    settings = secured.ways["PLAIN"]
    with secured.settings_hidden(TASKS):
        gateway = system.starting_gateway(**settings)
        worker = system.worker(wait=False, **settings)
        janitor = system.follower("janitor", wait=False, **settings)
        for ask in (gateway.ask_without_key, worker.ask, janitor.ask):
            eventually(partial(_not_ready, ask, f"{TASKS}: Topic authorization failed"), within=40, what="its reason")
    for part in (gateway, worker, janitor):
        part.process.wait_until_ready(part.ready, within=40)
    leave(worker)


def test_a_command_says_in_one_line_what_the_user_may_not_see(secured: SecuredKafka) -> None:
    TopicAdmin(KafkaConnection(secured.unsecured)).apply(catalogue(partitions=PARTITIONS))
    with secured.settings_hidden(TASKS):
        answer = attempted(secured.ways["PLAIN"], "topics", "check")
    assert answer.returncode == 1
    [line] = answer.stderr.splitlines()
    assert f"{TASKS}: Topic authorization failed" in line


def _not_ready(ask: Callable[[str], httpx.Response], reason: str) -> str | None:
    """What /ready says, once it says that."""
    try:
        answer = ask("/ready")
    except httpx.HTTPError:
        return None
    return answer.text if answer.status_code == 503 and reason in answer.text else None


def test_no_log_and_no_dead_letters_header_holds_a_key_a_password_or_words_of_a_document(
    secured: SecuredKafka, system: System
) -> None:
    settings = secured.ways["PLAIN"]
    TopicAdmin(KafkaConnection(secured.unsecured)).apply(catalogue(partitions=PARTITIONS))
    worker = system.worker("scripted", retry_delays="[0.1, 0.1, 0.1]", drain_seconds=1, wait=False, **settings)
    system.follower("forwarder", wait=False, **settings)
    gateway = system.gateway(**settings)
    words = f"marker{uuid.uuid4().hex}"
    ends = {
        kind: gateway.ended(gateway.submit(html_content=f"{kind}-{words}"))
        for kind in ("quick", "permanent", "transient", "broken")
    }
    assert [end["status"] for end in ends.values()] == ["SUCCESS", "FAILURE", "FAILURE", "FAILURE"]
    refused = [
        gateway.post(html_content=words, form=words),
        gateway.post(html_path=f"/{words}"),
        gateway.ask("POST", "/analyze", content=f'{{"html_content": "{words}'),
        gateway.post(html_content=words, key=f"sigmak_{words}"),
    ]
    assert [answer.status_code for answer in refused] == [422, 422, 400, 401]
    garbage = json.dumps({"ticker": words, "html_content": words}).encode()
    producer = Producer({"bootstrap.servers": system.kafka})
    for topic in (FILINGS, FILINGS_RETRIES[0]):
        producer.produce(topic, garbage, b"GARBAGE", headers=[("ce_specversion", b"1.0"), ("ce_type", words.encode())])
    assert producer.flush(10) == 0
    letters = eventually(
        lambda: found if len(found := _letters_of(system.kafka, words)) == 4 else None, within=20, what="4 dead letters"
    )
    kinds = sorted(str(header(letter, "sigmak-dead-type")) for letter in letters)
    assert kinds == ["internal_error", "unavailable", "undecodable", "undecodable"]
    headers = [value for letter in letters for name, value in letter.headers() or [] if name != "ce_type"]
    leave(worker)
    told = "\n".join([logs(system), *map(str, headers), *(str(end["error"]) for end in ends.values())])
    assert not [secret for secret in (words, PASSWORD, KEY_PASSWORD, gateway.key) if secret in told]


def _letters_of(kafka: str, words: str) -> list[Message]:
    return [letter for letter in records(kafka, FILINGS_DEAD) if words.encode() in (letter.value() or b"")]
