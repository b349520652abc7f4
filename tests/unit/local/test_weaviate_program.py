"""The cache of Weaviate's server program, with a stand-in for Go; the real one is in the integration tests."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.local.process import wait_until
from ops.local.programs import MissingProgram
from ops.local.weaviate_program import WEAVIATE_VERSION, WeaviateNotBuilt, weaviate_program

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


def calls(tmp_path: Path) -> list[str]:
    noted = tmp_path / "calls"
    return noted.read_text().splitlines() if noted.exists() else []


def test_what_go_built_is_kept(go_does: GoScript, tmp_path: Path) -> None:
    go_does('echo "$*" >> $calls; touch $GOBIN/weaviate-server')
    first = weaviate_program(tmp_path / "cache")
    assert first == weaviate_program(tmp_path / "cache")
    assert first.is_file()
    assert calls(tmp_path) == [f"install github.com/weaviate/weaviate/cmd/weaviate-server@v{WEAVIATE_VERSION}"]


def test_go_is_not_needed_once_the_program_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"weaviate-{WEAVIATE_VERSION}").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert weaviate_program(tmp_path).name == "weaviate-server"


def test_without_go_and_program_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match="`go` is not installed") as raised:
        weaviate_program(tmp_path / "cache")
    assert "\n" not in str(raised.value)


def test_a_failure_of_go_shows_its_last_lines_and_leaves_no_program(go_does: GoScript, tmp_path: Path) -> None:
    go_does("touch $GOBIN/weaviate-server; echo 'go: no such module'; exit 1")
    with pytest.raises(WeaviateNotBuilt, match="no such module"):
        weaviate_program(tmp_path / "cache")
    assert not (tmp_path / "cache" / f"weaviate-{WEAVIATE_VERSION}").exists()


def test_what_an_interrupted_build_left_is_not_taken_for_the_program(go_does: GoScript, tmp_path: Path) -> None:
    partial = tmp_path / "cache" / f"weaviate-{WEAVIATE_VERSION}.partial"
    partial.mkdir(parents=True)
    (partial / "weaviate-server").write_text("half")
    go_does("echo whole > $GOBIN/weaviate-server")
    assert weaviate_program(tmp_path / "cache").read_text() == "whole\n"


def test_two_at_once_build_once_and_both_get_the_program(go_does: GoScript, tmp_path: Path) -> None:
    go_on = f"while ! test -e {tmp_path}/go-on; do sleep 0.01; done"
    go_does(f"echo called >> $calls; {go_on}; touch $GOBIN/weaviate-server")
    found: list[Path] = []
    callers = [threading.Thread(target=lambda: found.append(weaviate_program(tmp_path / "cache"))) for _ in range(2)]
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
