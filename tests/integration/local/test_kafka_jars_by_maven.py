"""Kafka's jars by the real Maven."""

from pathlib import Path

from ops.local.kafka_jars import KAFKA_VERSION, kafka_jars


def test_maven_brings_kafka_and_what_it_logs_with(tmp_path: Path) -> None:
    jars = {path.name for path in kafka_jars(tmp_path).iterdir()}
    assert f"kafka_2.13-{KAFKA_VERSION}.jar" in jars
    assert any(name.startswith("log4j-slf4j-impl-") for name in jars)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [f"kafka-{KAFKA_VERSION}"]
