"""Apache Kafka's jars, by their Maven coordinates, kept in the user's cache folder."""

import shutil
import subprocess
from pathlib import Path

from platformdirs import user_cache_path

from ops.local.one_process import only_one_process
from ops.local.process import bound_to_parent, with_tail
from ops.local.programs import maven

KAFKA_VERSION = "4.2.0"

# Kafka's own dependencies have log4j 2 but not the bridge to it, without which it logs nothing at all.
_LOG_BRIDGE_VERSION = "2.25.3"
_DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_DOWNLOAD_TIMEOUT = 600.0

_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>kafka</artifactId>
  <version>{KAFKA_VERSION}</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>{_LOG_BRIDGE_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


class KafkaNotFetched(RuntimeError):
    """Maven could not fetch Kafka. The message has Maven's last lines."""


def kafka_jars(cache: Path | None = None) -> Path:
    """The folder of Kafka's jars (43 MB); fetched by Maven the first time, after which Maven is not needed.

    Several processes may call it at once: one fetches, the others wait for it.

    Raises:
        MissingProgram: if the jars are not there and Maven neither.
        KafkaNotFetched: if Maven fails.
    """
    jars = (cache or user_cache_path("sigmak")) / f"kafka-{KAFKA_VERSION}"
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    # Two Mavens at once would write the same files of the user's repository, which Maven 3 does not guard.
    with only_one_process(jars.with_name(f"{jars.name}.lock")):
        if not jars.is_dir():
            _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    program = maven()
    # Renamed when complete: what an interrupted download left is not taken for Kafka, and the next clears it.
    partial = jars.with_name(f"{jars.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    pom = partial / "pom.xml"
    pom.write_text(_POM, encoding="utf-8")
    command = [
        program,
        "--batch-mode",
        "--quiet",
        "--file",
        str(pom),
        f"{_DEPENDENCY_PLUGIN}:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={partial}",
    ]
    try:
        subprocess.run(
            bound_to_parent(command),
            check=True,
            text=True,
            timeout=_DOWNLOAD_TIMEOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise KafkaNotFetched(
            f"Maven has not fetched Kafka {KAFKA_VERSION} within {_DOWNLOAD_TIMEOUT:g} s; try again."
        ) from error
    except subprocess.CalledProcessError as error:
        message = f"Maven could not fetch Kafka {KAFKA_VERSION}. Its last lines:"
        raise KafkaNotFetched(with_tail(message, error.stdout)) from error
    partial.rename(jars)
