"""Weaviate as the workers' store, and away: a filing is a transient fault, and reading statuses is not touched."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.local.weaviate import LocalWeaviate
from ops.local.weaviate_server import variables
from tests.system.parts import System

FILING = (Path(__file__).parents[2] / "ops" / "demo" / "filings" / "KLMF_2024.html").read_text()


def sigmak_store(command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.main", "store", command],
        env={"PATH": "", "HOME": str(Path.home()), **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_filing_fails_as_unavailable_while_weaviate_is_away_and_succeeds_when_it_is_back(
    system: System, own_weaviate: LocalWeaviate
) -> None:
    store = variables(own_weaviate.address)
    assert sigmak_store("check", **store).returncode == 1
    made = sigmak_store("init", **store)
    assert made.stdout.count("created") == 2, made.stderr
    assert sigmak_store("check", **store).returncode == 0
    settings = {name.removeprefix("SIGMAK_").lower(): value for name, value in store.items()}
    gateway, _ = system.gateway(), system.worker("real", weaviate_timeout=2, **settings)
    stored = gateway.submit(ticker="KLMF", filing_year=2023, html_content=FILING)
    assert gateway.ended(stored)["status"] == "SUCCESS"

    own_weaviate.kill()
    assert sigmak_store("check", **store).returncode == 3
    away = gateway.ended(gateway.submit(ticker="KLMF", filing_year=2024, html_content=FILING))
    assert away["status"] == "FAILURE"
    assert away["error"]["type"] == "unavailable"
    assert gateway.status(stored)["status"] == "SUCCESS"

    own_weaviate.start()
    back = gateway.ended(gateway.submit(ticker="KLMF", filing_year=2024, html_content=FILING))
    assert back["status"] == "SUCCESS"
    assert back["result"]["compared_with"] == [2023]


@pytest.mark.parametrize("command", ["init", "check"])
def test_the_embedded_store_needs_no_initialisation(tmp_path: Path, command: str) -> None:
    outcome = sigmak_store(command, SIGMAK_STORE_DIR=str(tmp_path / "store"))
    assert outcome.returncode == 0, outcome.stderr
    assert f"The store (lancedb, {tmp_path / 'store'}) is as it should be." in outcome.stdout
