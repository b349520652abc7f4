"""The Kafka of these tests."""

import pytest

from tests.unit.fake_publisher import FakePublisher


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()
