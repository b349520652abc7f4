"""Signals that ask a command to stop."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ops.local.signals import stop_signals_interrupt


@pytest.fixture(autouse=True)
def handlers_are_restored() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@contextmanager
def not_interrupted() -> Iterator[None]:
    """Fails the test, where a KeyboardInterrupt would end the whole run."""
    try:
        yield
    except KeyboardInterrupt:
        pytest.fail("was interrupted")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_interrupts_as_ctrl_c_does(number: signal.Signals) -> None:
    with stop_signals_interrupt(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def test_a_second_request_does_not_disturb_the_stopping() -> None:
    with stop_signals_interrupt():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        with not_interrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGHUP)


def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stop_signals_interrupt(), not_interrupted():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_handlers_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals_interrupt():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
