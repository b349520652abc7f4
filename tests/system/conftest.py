"""The system under test, black box: real processes, real Kafka."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.process import Launch, execute
from tests.system.parts import System
from tests.system.preloaded.launcher import Preloaded
from tests.webhook_receiver import Receiver


@pytest.fixture(scope="session")
def analyses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that test analyses share."""
    return tmp_path_factory.mktemp("analyses")


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Launches `sigmak` by its arguments, with its code in memory where the system forks a loaded process safely."""
    if sys.platform != "linux":
        yield lambda command, **how: execute([sys.executable, "-m", "ops.main", *command], **how)
        return
    preloaded = Preloaded()
    yield preloaded.launch
    preloaded.close()


@pytest.fixture
def system(kafka: str, analyses: Path, launch: Launch, tmp_path: Path) -> Iterator[System]:
    """Gateways and workers against the Kafka of the run."""
    running = System(kafka, tmp_path, analyses, launch)
    yield running
    running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes webhooks, and answers as their paths say."""
    with Receiver() as running:
        yield running
