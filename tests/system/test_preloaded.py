"""Processes that tests start by fork are as those that an operator starts: with a log, an end, and no life of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ops.local.process import Launch, Process
from tests.system.parts import System
from tests.unit.local.processes import alive
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks as Linux can")

_NOBODY = {"SIGMAK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


def test_its_words_and_its_exit_code_are_those_of_the_command(launch: Launch, tmp_path: Path) -> None:
    process = Process("worker", ["worker", "-n", "none"], log=tmp_path / "log", launch=launch)
    process.start()
    assert process.ended_within(30)
    assert process.ending() == "ended with exit code 2"
    assert "--processes" in process.output()


def test_it_has_the_environment_that_it_was_given(launch: Launch, tmp_path: Path) -> None:
    process = Process("worker", ["worker"], log=tmp_path / "log", env={"SIGMAK_PARTITIONS": "many"}, launch=launch)
    process.start()
    assert process.ended_within(30)
    assert "SIGMAK_PARTITIONS" in process.output()


def test_it_is_killed_and_told_to_stop_as_any_process(system: System) -> None:
    killed, stopped = system.follower("forwarder").process, system.follower("janitor").process
    killed.kill()
    stopped.stop()
    assert killed.ending() == "was killed by SIGKILL"
    assert stopped.ending() == "ended with exit code 0"


def test_it_dies_with_the_tests_when_they_are_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from ops.local.process import Process\n"
        "from tests.system.preloaded.launcher import Preloaded\n"
        "preloaded = Preloaded()\n"
        "process = Process('forwarder', ['forwarder'], log=pathlib.Path(sys.argv[1]), launch=preloaded.launch)\n"
        "process.start(); print(process.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "log")]
    tests = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **_NOBODY})
    assert tests.stdout is not None
    forked = int(tests.stdout.readline())
    assert alive(forked)
    tests.send_signal(signal.SIGKILL)
    tests.communicate()
    eventually(lambda: not alive(forked), within=10, what="it died")
