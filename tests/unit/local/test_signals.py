"""Signals that ask a command to stop.

Each test is a process of its own: where other tests have loaded OpenVINO, which gives a thread a signal stack of its own,
a test process died of SIGSEGV when it was sent SIGTERM.
"""

import subprocess
import sys

import pytest

PROLOGUE = """
import os, signal
from ops.local.signals import stop_signals_interrupt
"""


def said_by(script: str) -> list[str]:
    """What a script prints, line by line; it must end well."""
    ended = subprocess.run(
        [sys.executable, "-c", PROLOGUE + script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_request_to_stop_interrupts_as_ctrl_c_does(name: str) -> None:
    script = f"""
signal.signal(signal.{name}, signal.SIG_DFL)
try:
    with stop_signals_interrupt():
        os.kill(os.getpid(), signal.{name})
        print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""
    assert said_by(script) == ["interrupted"]


def test_a_second_request_does_not_disturb_the_stopping() -> None:
    script = """
with stop_signals_interrupt():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        print("interrupted")
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGHUP)
    print("undisturbed")
"""
    assert said_by(script) == ["interrupted", "undisturbed"]


def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    script = """
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with stop_signals_interrupt():
    os.kill(os.getpid(), signal.SIGHUP)
    print("undisturbed")
print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
"""
    assert said_by(script) == ["undisturbed", "True"]


def test_handlers_are_as_before_afterwards() -> None:
    script = """
before = signal.getsignal(signal.SIGTERM)
with stop_signals_interrupt():
    print(signal.getsignal(signal.SIGTERM) is before)
print(signal.getsignal(signal.SIGTERM) is before)
"""
    assert said_by(script) == ["False", "True"]
