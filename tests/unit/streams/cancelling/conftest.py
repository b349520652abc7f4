"""The Kafka of these tests."""

import pytest

from tests.unit.streams.worker import Kafka


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()
