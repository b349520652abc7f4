"""A short chaos run; `benchmarks/chaos.py` does long ones with any seed."""

from pathlib import Path

import pytest

from tests.system.chaos.run import chaos


@pytest.mark.timeout(600)
def test_nothing_is_lost_doubled_or_told_backwards_whatever_dies(tmp_path: Path) -> None:
    verdict, figures = chaos(seed=7, filings=100, folder=tmp_path)
    assert verdict.clean, figures
    assert figures["accepted"] == 100
    assert sum(figures["faults"].values()) >= 3
