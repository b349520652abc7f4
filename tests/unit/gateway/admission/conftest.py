"""A gateway's admission."""

import pytest

from gateway.admission import Admission
from tests.unit.gateway.admission.admitting import Clock, FakeIndex


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def admission(index: FakeIndex, clock: Clock) -> Admission:
    return Admission(index, clock)
