"""The same filing, history and model give the same scores, to the last digit."""

import os
import subprocess
import sys
from pathlib import Path

from schemas.risks import RiskAssessment


def begin(folder: Path, cache: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.analysing", cache],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "SIGMAK_STORE_DIR": str(folder / "store"),
            "SIGMAK_VECTOR_CACHE": str(folder / "vectors.sqlite"),
        },
    )


def printed(process: "subprocess.Popen[str]") -> list[str]:
    output, _ = process.communicate()
    assert process.returncode == 0
    return output.splitlines()


def test_workers_that_share_store_and_cache_score_as_one_that_remembers_nothing(tmp_path: Path) -> None:
    first, again = printed(begin(tmp_path / "alone", "no-cache"))
    assessment = RiskAssessment.model_validate_json(first)
    assert assessment.compared_with == (2023,)
    assert len(assessment.risks) > 10
    assert again == first
    together = [begin(tmp_path / "shared", "cache") for _ in range(2)]
    for worker in together:
        computed, remembered = printed(worker)
        assert computed == first
        assert remembered == first, "by vectors that are all in the cache"
