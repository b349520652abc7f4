"""Weaviate as the workers' store, and away: a filing is a transient fault, and reading statuses is not touched."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.local.weaviate import LocalWeaviate
from ops.local.weaviate_server import variables
from tests.system.parts import System
from tests.waiting import eventually

FILING = (Path(__file__).parents[2] / "ops" / "demo" / "filings" / "KLMF_2024.html").read_text()


def sigmak_store(command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.main", "store", command],
        env={"PATH": "", "HOME": str(Path.home()), **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_filing_waits_while_weaviate_is_away_and_succeeds_when_it_is_back(
    system: System, own_weaviate: LocalWeaviate
) -> None:
    store = variables(own_weaviate.address)
    assert sigmak_store("check", **store).returncode == 1
    made = sigmak_store("init", **store)
    assert made.stdout.count("created") == 2, made.stderr
    assert sigmak_store("check", **store).returncode == 0
    settings = {name.removeprefix("SIGMAK_").lower(): value for name, value in store.items()}
    settings["retry_delays"] = "[3, 3, 3]"
    gateway, _ = system.gateway(), system.worker("real", weaviate_timeout=2, **settings)
    system.follower("forwarder")
    stored = gateway.submit(ticker="KLMF", filing_year=2023, html_content=FILING)
    assert gateway.ended(stored)["status"] == "SUCCESS"

    own_weaviate.kill()
    assert sigmak_store("check", **store).returncode == 3
    waiting = gateway.submit(ticker="KLMF", filing_year=2024, html_content=FILING)
    away = eventually(
        lambda: status if (status := gateway.status(waiting))["status"] == "RETRY" else None,
        within=30,
        what="the filing waits",
    )
    assert away["error"]["type"] == "unavailable"
    assert gateway.status(stored)["status"] == "SUCCESS"

    own_weaviate.start()
    back = gateway.ended(waiting)
    assert back["status"] == "SUCCESS"
    assert back["attempt"] > 1
    assert back["result"]["compared_with"] == [2023]


@pytest.mark.parametrize("command", ["init", "check"])
def test_the_embedded_store_needs_no_initialisation(tmp_path: Path, command: str) -> None:
    outcome = sigmak_store(command, SIGMAK_STORE_DIR=str(tmp_path / "store"))
    assert outcome.returncode == 0, outcome.stderr
    assert f"The store (lancedb, {tmp_path / 'store'}) is as it should be." in outcome.stdout
