"""Java and Maven: found, too old, or missing."""

from pathlib import Path

import pytest

from ops.local.programs import MissingProgram, java, maven


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return tmp_path


def a_java(folder: Path, version: str) -> Path:
    return a_program(folder / "java", f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")


def a_program(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("version", ["17.0.15", "21", "25-ea"])
def test_a_java_of_17_or_newer_will_do(only_path: Path, version: str) -> None:
    installed = a_java(only_path, version)
    assert java() == str(installed)


@pytest.mark.parametrize(("version", "major"), [("11.0.2", "11"), ("1.8.0_392", "8")])
def test_an_older_java_is_named_with_its_version(only_path: Path, version: str, major: str) -> None:
    program = a_java(only_path, version)
    with pytest.raises(MissingProgram, match=f"needs Java 17 or newer, and {program} is Java {major}: "):
        java()


def test_the_java_of_java_home_wins(only_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_java(only_path, "11.0.2")
    wanted = a_java(only_path / "bin", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(only_path))
    assert java() == str(wanted)


def test_a_missing_java_is_one_line_that_says_what_to_install(only_path: Path) -> None:
    with pytest.raises(MissingProgram) as raised:
        java()
    message = str(raised.value)
    assert "`java` is not installed" in message
    assert "apt-get install" in message
    assert len(message.splitlines()) == 1


def test_a_stand_in_without_a_java_behind_it_counts_as_missing(only_path: Path) -> None:
    a_program(only_path / "java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1")
    with pytest.raises(MissingProgram, match="`java` is not installed"):
        java()


def test_a_missing_maven_is_one_line_that_says_what_to_install(only_path: Path) -> None:
    with pytest.raises(MissingProgram) as raised:
        maven()
    message = str(raised.value)
    assert "`mvn` is not installed" in message
    assert len(message.splitlines()) == 1
