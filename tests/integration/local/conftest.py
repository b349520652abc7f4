"""The programs that a local Kafka needs."""

import os

import pytest

from ops.local.programs import MissingProgram, java, maven


@pytest.fixture(scope="session", autouse=True)
def kafka_programs() -> None:
    """Java and Maven: missing, they fail the tests under CI, and skip them elsewhere."""
    try:
        java()
        maven()
    except MissingProgram as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
