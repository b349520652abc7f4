"""A topic, and a folder for the table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.materialised.status_topic import StatusTopic


@pytest.fixture
def topic(kafka: str) -> Iterator[StatusTopic]:
    told = StatusTopic(kafka)
    yield told
    told.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "table"
