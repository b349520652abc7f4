"""A short chaos run; `benchmarks/chaos.py` does long ones with any seed."""

from pathlib import Path

import pytest

from tests.system.chaos.run import chaos


@pytest.mark.timeout(600)
def test_nothing_is_lost_doubled_or_told_backwards_whatever_dies(tmp_path: Path) -> None:
    # By this seed a worker, the sender of webhooks, the broker and a gateway are killed, and a gateway is stopped.
    verdict, figures = chaos(seed=27, filings=100, folder=tmp_path)
    assert verdict.clean, figures
    assert figures["accepted"] == 100
    assert figures["high_priority_ended"] == figures["high_priority"] > 10
    assert figures["batches"] > 5
    assert figures["callbacks"] > 20
    assert len(figures["faults"]) == 5
