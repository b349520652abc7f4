"""Child processes that never outlive their parent."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.process import Process, ServerDidNotStart, stop_all, wait_until
from streams.isolation import die_with_parent
from tests.unit.local.processes import alive, command_of

LIVES = ["sleep", "600"]


class Started:
    """Makes processes that end with the test."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "logs" / "server.log"
        self.all: list[Process] = []

    def __call__(self, *command: str, name: str = "server", env: dict[str, str] | None = None) -> Process:
        process = Process(name, command, log=self.log, env=env)
        process.start()
        self.all.append(process)
        return process

    def python(self, script: str) -> Process:
        return self(sys.executable, "-u", "-c", script)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    made = Started(tmp_path)
    yield made
    for process in made.all:
        process.kill()


def test_the_pid_is_that_of_the_server_itself(started: Started) -> None:
    process = started(*LIVES)
    wait_until(lambda: command_of(process.pid) == "sleep 600", within=5)


def test_variables_are_added_to_the_environment(started: Started) -> None:
    process = started("sh", "-c", "echo $HOME-$EXTRA", env={"EXTRA": "more"})
    assert process.ended_within(5)
    assert process.output().strip() == f"{os.environ['HOME']}-more"


def test_ready_is_waited_for(started: Started) -> None:
    process = started.python("import time; print('ready'); time.sleep(600)")
    process.wait_until_ready(lambda: "ready" in process.output(), within=10)
    assert process.running


def test_a_server_that_ends_while_starting_shows_the_end_of_its_log(started: Started) -> None:
    process = started.python("for i in range(100): print('line', i)\nraise SystemExit(3)")
    with pytest.raises(ServerDidNotStart) as raised:
        process.wait_until_ready(lambda: False, within=10)
    first, *tail = str(raised.value).splitlines()
    assert first == f"server ended with exit code 3 while starting. The last lines of {process.log}:"
    assert [line.strip() for line in tail] == [f"line {number}" for number in range(85, 100)]


def test_a_server_that_is_killed_while_starting_is_said_to_be(started: Started) -> None:
    process = started.python("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(ServerDidNotStart, match="was killed by SIGKILL while starting; it wrote nothing to"):
        process.wait_until_ready(lambda: False, within=10)


def test_a_server_that_is_late_shows_the_end_of_its_log(started: Started) -> None:
    process = started.python("import time; print('still loading'); time.sleep(600)")
    wait_until(lambda: "still loading" in process.output(), within=10)
    with pytest.raises(ServerDidNotStart, match=r"was not ready within 0\.1 s(.|\n)*still loading"):
        process.wait_until_ready(lambda: False, within=0.1)


def test_a_program_that_does_not_exist_is_named(started: Started) -> None:
    process = started("no-such-program")
    with pytest.raises(ServerDidNotStart, match="cannot run no-such-program: No such file or directory"):
        process.wait_until_ready(lambda: False, within=10)


def test_output_is_only_that_since_the_last_start(started: Started) -> None:
    process = started("sh", "-c", "echo one of $$")
    assert process.ended_within(5)
    first = process.output()
    process.start()
    assert process.ended_within(5)
    assert process.output() == f"one of {process.pid}\n"
    assert process.log.read_text() == first + process.output()


def test_what_was_never_started_has_written_nothing_and_can_be_stopped(tmp_path: Path) -> None:
    process = Process("server", LIVES, log=tmp_path / "log")
    process.stop()
    process.kill()
    assert process.output() == ""
    assert not process.running


def test_stop_asks_with_sigterm(started: Started) -> None:
    process = started.python(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('ready'); time.sleep(600)"
    )
    process.wait_until_ready(lambda: "ready" in process.output(), within=10)
    process.stop(within=10)
    assert process.ending() == "ended with exit code 7"


def test_stop_kills_what_does_not_end_in_time(started: Started) -> None:
    process = started.python(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready'); time.sleep(600)"
    )
    process.wait_until_ready(lambda: "ready" in process.output(), within=10)
    process.stop(within=0.1)
    assert process.ending() == "was killed by SIGKILL"


def test_all_are_asked_to_stop_before_any_is_waited_for(started: Started, tmp_path: Path) -> None:
    # Each ends only when the other has been asked as well.
    names = ("a", "b")
    waits = [
        f"import signal, time, pathlib\n"
        f"def asked(*_):\n"
        f"    pathlib.Path({str(tmp_path / name)!r}).touch()\n"
        f"    while not pathlib.Path({str(tmp_path / other)!r}).exists(): time.sleep(.01)\n"
        f"    raise SystemExit(0)\n"
        f"signal.signal(signal.SIGTERM, asked)\n"
        f"pathlib.Path({str(tmp_path / name)!r} + '.ready').touch()\n"
        f"while True: time.sleep(1)"
        for name, other in (names, names[::-1])
    ]
    processes = [started.python(script) for script in waits]
    wait_until(lambda: all((tmp_path / f"{name}.ready").exists() for name in names), within=10)
    stop_all(processes, within=10)
    assert [process.ending() for process in processes] == ["ended with exit code 0"] * 2


def test_kill_reaches_what_the_server_started(started: Started) -> None:
    process = started("sh", "-c", "sleep 600 & echo $!; wait")
    wait_until(lambda: process.output().strip().isdigit(), within=5)
    grandchild = int(process.output())
    process.kill()
    wait_until(lambda: not alive(grandchild), within=5)


def test_a_server_outlives_the_thread_that_started_it(started: Started) -> None:
    def start_and_end() -> None:
        process = started(*LIVES)
        wait_until(lambda: command_of(process.pid) == "sleep 600", within=5)

    thread = threading.Thread(target=start_and_end)
    thread.start()
    thread.join()
    assert not started.all[0].ended_within(0.3)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_a_server_dies_with_its_parent_when_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from ops.local.process import Process\n"
        "server = Process('server', ['sleep', '600'], log=pathlib.Path(sys.argv[1]))\n"
        "server.start(); print(server.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "log")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent.stdout:
        server = int(parent.stdout.readline())
    wait_until(lambda: command_of(server) == "sleep 600", within=5)
    parent.kill()
    parent.wait()
    try:
        wait_until(lambda: not alive(server), within=5)
    finally:
        if alive(server):
            os.kill(server, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_a_parent_that_died_before_the_kernel_was_asked_counts() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    outcome = subprocess.run(
        [sys.executable, "-I", "-S", die_with_parent.__file__, str(ended.pid), "echo", "runs"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "the parent has died" in outcome.stderr
    assert "runs" not in outcome.stdout


def test_a_condition_that_never_holds_ends_in_a_timeout_that_names_it() -> None:
    with pytest.raises(TimeoutError, match=r"the moon did not come true within 0\.05 s"):
        wait_until(lambda: False, within=0.05, what="the moon")
