"""The local Weaviate: who reaches it, what it keeps, and that it never outlives who started it."""

import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from ops.local.process import Process, ServerDidNotStart, wait_until
from ops.local.weaviate import LocalWeaviate
from ops.local.weaviate_server import start_weaviate, variables
from streams.assembly import weaviate_address
from streams.settings import WorkerSettings
from streams.stores.weaviate import WeaviateStore, init_collections
from tests.integration.stores.stored_filings import SPACE, filing, texts


def test_it_asks_for_its_key(own_weaviate: LocalWeaviate) -> None:
    assert httpx.get(f"{own_weaviate.address.url}/v1/schema").status_code == 401


def test_what_it_kept_is_there_at_the_next_start_on_other_ports(own_weaviate: LocalWeaviate, tmp_path: Path) -> None:
    init_collections(own_weaviate.address, SPACE)
    store = WeaviateStore(own_weaviate.address, SPACE)
    store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    store.close()
    own_weaviate.stop()
    with LocalWeaviate(tmp_path / "weaviate") as again:
        assert again.address != own_weaviate.address
        store = WeaviateStore(again.address, SPACE)
        assert texts(store.history("ACME", 2025)) == ["fires"]
        store.close()


def test_a_failed_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ServerDidNotStart, match="cannot create data directory"):
        LocalWeaviate(tmp_path).start()


def test_it_dies_with_who_started_it(own_weaviate: LocalWeaviate, tmp_path: Path) -> None:
    # own_weaviate: so that a machine without Go skips this, too.
    script = (
        "import sys, time; from pathlib import Path; from ops.local.weaviate import LocalWeaviate\n"
        "server = LocalWeaviate(Path(sys.argv[1])); server.start()\n"
        "print(f'pid={server.processes[0].pid}.', flush=True); time.sleep(600)"
    )
    parent = Process(
        "parent",
        [sys.executable, "-c", script, str(tmp_path / "child")],
        log=tmp_path / "parent.log",
        env={"PYTHONPATH": str(Path.cwd())},
    )
    parent.start()
    parent.wait_until_ready(lambda: "pid=" in parent.output() and "." in parent.output(), within=60)
    pid = int(parent.output().partition("pid=")[2].partition(".")[0])
    os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), within=10, what="the end of Weaviate")


def test_a_configured_one_is_taken_as_it_is_and_handed_on_by_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGMAK_WEAVIATE_URL", "https://weaviate.example")
    monkeypatch.setenv("SIGMAK_WEAVIATE_GRPC_HOST", "grpc.weaviate.example")
    monkeypatch.setenv("SIGMAK_WEAVIATE_GRPC_PORT", "443")
    monkeypatch.setenv("SIGMAK_WEAVIATE_API_KEY", "a-key")
    server = start_weaviate(tmp_path)
    assert server.processes == ()
    for name, value in variables(server.address).items():
        monkeypatch.setenv(name, value)
    settings = WorkerSettings()
    assert settings.store == "weaviate"
    assert weaviate_address(settings) == server.address
    assert "a-key" not in repr(settings)
