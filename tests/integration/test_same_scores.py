"""The same filing, history and model give the same scores, to the last digit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def printed(process: "subprocess.Popen[str]") -> str:
    output, _ = process.communicate(timeout=250)
    assert process.returncode == 0
    return output


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of one worker that remembers nothing."""
    scores = printed(begin(tmp_path_factory.mktemp("alone"), "no-cache"))
    assessment = RiskAssessment.model_validate_json(scores)
    assert assessment.compared_with == (2023,)
    assert len(assessment.risks) > 10
    return scores


def test_workers_that_begin_together_and_share_store_and_cache_score_as_one_alone(truth: str, tmp_path: Path) -> None:
    workers = [begin(tmp_path, "cache") for _ in range(3)]
    assert [printed(worker) for worker in workers] == [truth] * 3
    assert printed(begin(tmp_path, "cache")) == truth, "by vectors that are all in the cache"
