"""The network between worker and Weaviate is cut, slow, or dead without a word: filings wait, and none fails."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import pytest

from ops.local.toxiproxy import Link, Toxiproxy
from ops.local.weaviate import LocalWeaviate
from ops.local.weaviate_server import variables
from tests.conftest import without_its_programs_skipped
from tests.system.flow import FAULTS, Flow, all_succeed, assessed_tasks, breaking, flows, recovers
from tests.system.parts import Gateway, System, Worker
from tests.system.test_store_outage import FILING, sigmak_store
from tests.waiting import eventually

TIMEOUT = 1.0


@dataclass(frozen=True)
class Running:
    """What the tests of this module share."""

    link: Link
    system: System
    gateway: Gateway
    worker: Worker


@pytest.fixture(scope="module")
def running(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One worker with the real analysis, which reaches Weaviate by a link."""
    folder: Path = tmp_path_factory.mktemp("store-network")
    toxiproxy, weaviate = Toxiproxy(folder), LocalWeaviate(folder / "weaviate")
    with without_its_programs_skipped():
        toxiproxy.start()
        weaviate.start()
    address = weaviate.address
    assert sigmak_store("init", **variables(address)).returncode == 0
    link = toxiproxy.link("weaviate", addresses=2)
    link.lead_to([address.url.removeprefix("http://"), f"127.0.0.1:{address.grpc_port}"])
    by_link = replace(address, url=f"http://127.0.0.1:{link.ports[0]}", grpc_port=link.ports[1])
    settings = {name.removeprefix("SIGMAK_").lower(): value for name, value in variables(by_link).items()}
    system = System(kafka, folder, folder)
    gateway = system.gateway()
    system.follower("forwarder")
    worker = system.worker("real", weaviate_timeout=TIMEOUT, retry_delays="[2, 4, 8]", **settings)
    yield Running(link, system, gateway, worker)
    system.stop()
    weaviate.kill()
    toxiproxy.stop()


@pytest.mark.parametrize("fault", FAULTS)
def test_filings_wait_while_the_network_to_weaviate_fails_and_succeed_after(running: Running, fault: str) -> None:
    gateway, link = running.gateway, running.link

    def waits(flow: Flow) -> bool:
        return any(gateway.status(task)["status"] == "RETRY" for task, _ in flow.accepted)

    try:
        with Flow(gateway, body={"html_content": FILING}, pause=1.0) as flow:
            flows(flow, gateway)
            breaking(fault, latency=2 * TIMEOUT)(link)
            eventually(lambda: waits(flow), within=60, what="a filing waits for its next attempt")
            link.heal()
            recovers(gateway, flow, healed=monotonic())
    finally:
        link.heal()
    all_succeed(flow, gateway, within=60)
    assert running.worker.process.running
    assert {task for task, _ in flow.accepted} <= assessed_tasks(running.system.kafka)
