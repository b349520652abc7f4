"""The cache of programs that Go builds, with a stand-in for Go; the real one builds what the integration tests use."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.local.go_program import ProgramNotBuilt, go_program
from ops.local.process import wait_until
from ops.local.programs import MissingProgram

GoScript = Callable[[str], None]


@pytest.fixture
def go_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoScript:
    """Puts a shell script in Go's place; `$calls` is a file to note calls in."""

    def does(script: str) -> None:
        program = tmp_path / "bin" / "go"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ncalls={tmp_path}/calls\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    return does


def a_program(cache: Path) -> Path:
    return go_program("proxy", "example.org/proxy/v2/cmd/server", "1.2.3", otherwise="or do without", cache=cache)


def calls(tmp_path: Path) -> list[str]:
    noted = tmp_path / "calls"
    return noted.read_text().splitlines() if noted.exists() else []


def test_what_go_built_is_kept(go_does: GoScript, tmp_path: Path) -> None:
    go_does('echo "$*" >> $calls; touch $GOBIN/server')
    first = a_program(tmp_path / "cache")
    assert first == a_program(tmp_path / "cache")
    assert first.is_file()
    assert calls(tmp_path) == ["install example.org/proxy/v2/cmd/server@v1.2.3"]


def test_go_is_not_needed_once_the_program_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "proxy-1.2.3").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert a_program(tmp_path).name == "server"


def test_without_go_and_program_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram) as raised:
        a_program(tmp_path / "cache")
    assert str(raised.value).startswith("a local proxy is built by Go once, and `go` is not installed: install it")
    assert str(raised.value).endswith(", or do without.")
    assert "\n" not in str(raised.value)


def test_a_program_at_the_top_of_its_module_is_not_named_for_the_major_version(tmp_path: Path) -> None:
    (tmp_path / "load-12.1.0").mkdir()
    assert go_program("load", "example.org/load/v12", "12.1.0", cache=tmp_path).name == "load"


def test_a_failure_of_go_shows_its_last_lines_and_leaves_no_program(go_does: GoScript, tmp_path: Path) -> None:
    go_does("touch $GOBIN/server; echo 'go: no such module'; exit 1")
    with pytest.raises(ProgramNotBuilt, match="no such module"):
        a_program(tmp_path / "cache")
    assert not (tmp_path / "cache" / "proxy-1.2.3").exists()


def test_what_an_interrupted_build_left_is_not_taken_for_the_program(go_does: GoScript, tmp_path: Path) -> None:
    partial = tmp_path / "cache" / "proxy-1.2.3.partial"
    partial.mkdir(parents=True)
    (partial / "server").write_text("half")
    go_does("echo whole > $GOBIN/server")
    assert a_program(tmp_path / "cache").read_text() == "whole\n"


def test_two_at_once_build_once_and_both_get_the_program(go_does: GoScript, tmp_path: Path) -> None:
    go_on = f"while ! test -e {tmp_path}/go-on; do sleep 0.01; done"
    go_does(f"echo called >> $calls; {go_on}; touch $GOBIN/server")
    found: list[Path] = []
    callers = [threading.Thread(target=lambda: found.append(a_program(tmp_path / "cache"))) for _ in range(2)]
    for caller in callers:
        caller.start()
    wait_until(lambda: len(calls(tmp_path)) == 1, within=5)
    with pytest.raises(TimeoutError):
        wait_until(lambda: len(calls(tmp_path)) == 2, within=0.3)
    (tmp_path / "go-on").touch()
    for caller in callers:
        caller.join()
    assert len(found) == 2
    assert len(calls(tmp_path)) == 1
