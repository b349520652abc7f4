"""The cache of Kafka's jars, with a stand-in for Maven; the real one is in the integration tests."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.local.kafka_jars import KAFKA_VERSION, KafkaNotFetched, kafka_jars
from ops.local.process import wait_until
from ops.local.programs import MissingProgram

MavenScript = Callable[[str], None]
FETCH = 'for word in "$@"; do case "$word" in -DoutputDirectory=*) folder="${word#*=}";; esac; done'


@pytest.fixture
def maven_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MavenScript:
    """Puts a shell script in Maven's place; `$folder` is for the jars, `$calls` a file to note calls in."""

    def does(script: str) -> None:
        program = tmp_path / "bin" / "mvn"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ncalls={tmp_path}/calls\n{FETCH}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    return does


def calls(tmp_path: Path) -> int:
    noted = tmp_path / "calls"
    return len(noted.read_text().splitlines()) if noted.exists() else 0


def test_what_maven_fetched_is_kept(maven_does: MavenScript, tmp_path: Path) -> None:
    maven_does("echo called >> $calls; touch $folder/kafka.jar")
    first = kafka_jars(tmp_path / "cache")
    assert first == kafka_jars(tmp_path / "cache")
    assert (first / "kafka.jar").is_file()
    assert calls(tmp_path) == 1


def test_maven_is_not_needed_once_the_jars_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"kafka-{KAFKA_VERSION}").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kafka_jars(tmp_path).is_dir()


def test_without_maven_and_jars_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match="mvn"):
        kafka_jars(tmp_path / "cache")


def test_a_failure_of_maven_shows_its_last_lines_and_leaves_no_jars(maven_does: MavenScript, tmp_path: Path) -> None:
    maven_does("touch $folder/half.jar; echo 'Could not resolve the artifact'; exit 1")
    with pytest.raises(KafkaNotFetched, match="Could not resolve the artifact"):
        kafka_jars(tmp_path / "cache")
    assert not (tmp_path / "cache" / f"kafka-{KAFKA_VERSION}").exists()


def test_what_an_interrupted_download_left_is_not_mixed_in(maven_does: MavenScript, tmp_path: Path) -> None:
    partial = tmp_path / "cache" / f"kafka-{KAFKA_VERSION}.partial"
    partial.mkdir(parents=True)
    (partial / "half.jar").touch()
    maven_does("touch $folder/kafka.jar")
    assert {path.name for path in kafka_jars(tmp_path / "cache").glob("*.jar")} == {"kafka.jar"}


def test_two_at_once_fetch_once_and_both_get_the_jars(maven_does: MavenScript, tmp_path: Path) -> None:
    go_on = f"while ! test -e {tmp_path}/go; do sleep 0.01; done"
    maven_does(f"echo called >> $calls; {go_on}; touch $folder/kafka.jar")
    found: list[Path] = []
    callers = [threading.Thread(target=lambda: found.append(kafka_jars(tmp_path / "cache"))) for _ in range(2)]
    for caller in callers:
        caller.start()
    wait_until(lambda: calls(tmp_path) == 1, within=5)
    with pytest.raises(TimeoutError):
        wait_until(lambda: calls(tmp_path) == 2, within=0.3)
    (tmp_path / "go").touch()
    for caller in callers:
        caller.join()
    assert len(set(found)) == 1
    assert len(found) == 2
    assert calls(tmp_path) == 1
