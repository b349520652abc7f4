"""Of a library that repeats itself a line is logged now and then; of all else every line."""

import logging

import pytest

from ops.logs import Seldom

AWAY = "node %d at 127.0.0.1:%d can't be reached after %d ms"


class Log:
    """What comes through, by a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self._filter = Seldom(("wordy",), clock=lambda: self.now)

    def say(self, message: str, *args: object, logger: str = "wordy.client") -> str | None:
        record = logging.LogRecord(logger, logging.ERROR, __file__, 1, message, args, None)
        return record.getMessage() if self._filter.filter(record) else None


@pytest.fixture
def log() -> Log:
    return Log()


def test_what_is_said_again_is_logged_once(log: Log) -> None:
    assert log.say(AWAY, 1, 9092, 3) == "node 1 at 127.0.0.1:9092 can't be reached after 3 ms"
    assert [log.say(AWAY, 2, 9093, 12), log.say(AWAY, 1, 9092, 0)] == [None, None]


def test_after_a_while_it_is_logged_again_with_how_often_it_came(log: Log) -> None:
    log.say(AWAY, 1, 9092, 3)
    for _ in range(5):
        log.say(AWAY, 1, 9092, 3)
    log.now = 10
    again = "node 1 at 127.0.0.1:9092 can't be reached after 4 ms (and 5 times more since this was last logged)"
    assert log.say(AWAY, 1, 9092, 4) == again
    log.now = 20
    assert log.say(AWAY, 1, 9092, 4) == "node 1 at 127.0.0.1:9092 can't be reached after 4 ms"


def test_another_message_is_logged_at_once(log: Log) -> None:
    log.say(AWAY, 1, 9092, 3)
    assert log.say("the certificate has expired") == "the certificate has expired"
    assert log.say(AWAY, 1, 9092, 3, logger="wordy.consumer") is not None


def test_what_we_say_ourselves_is_always_logged(log: Log) -> None:
    dead_letter = "dead letter: lane, partition %d, offset %d"
    lines = [log.say(dead_letter, 3, offset, logger="streams.filing_life") for offset in (17, 18)]
    assert lines == ["dead letter: lane, partition 3, offset 17", "dead letter: lane, partition 3, offset 18"]


def test_a_thousand_different_messages_are_not_kept_for_ever(log: Log) -> None:
    for letters in range(1000):
        assert log.say("x" * letters) is not None
    assert len(log._filter._said) < 1000
