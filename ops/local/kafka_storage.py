"""The data folder of a local Kafka: which cluster it holds, and its brokers' formatted storage."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ops.local.kafka_config import new_uuid
from ops.local.process import ServerDidNotStart, bound_to_parent, with_tail

DATA = "data"
"""The name of a broker's storage in its folder."""
FEATURE_LEVELS = "bootstrap.checkpoint"
"""Kafka's name for the file of a formatted storage that holds its features' levels."""
_FORMAT_TIMEOUT = 60.0


class OtherCluster(ValueError):
    """The folder holds a cluster with another number of brokers."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What stays the same about a cluster for as long as its folder does."""

    id: str
    brokers: int


def cluster_in(folder: Path, *, brokers: int) -> Cluster:
    """The cluster that the folder holds; a new one is made up and noted where it holds none.

    Raises:
        OtherCluster: if it has another number of brokers.
    """
    note = folder / "cluster.json"
    if note.is_file():
        cluster = Cluster(**json.loads(note.read_bytes()))
        if cluster.brokers != brokers:
            raise OtherCluster(
                f"{folder} holds the data of a Kafka of {cluster.brokers} brokers, not {brokers}: "
                f"start it with {cluster.brokers}, or with another data folder"
            )
        return cluster
    cluster = Cluster(new_uuid(), brokers)
    folder.mkdir(parents=True, exist_ok=True)
    partial = note.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(cluster)), encoding="utf-8")
    partial.replace(note)
    return cluster


def format_storage(
    folder: Path, cluster: Cluster, *, kafka: Sequence[str], settings: Mapping[str, str], prepared: Path
) -> None:
    """Format a broker's storage, unless it is.

    Args:
        folder: the broker's.
        cluster: which it belongs to.
        kafka: the command line that runs a class of Kafka's.
        settings: the broker's.
        prepared: a folder that may hold the feature levels which this version of Kafka formats a storage with. All
            else in it is the identity of the broker, and Kafka's tool takes half as long for it as the broker to start.

    Raises:
        ServerDidNotStart: if Kafka refuses, with its last lines.
    """
    if (folder / DATA).is_dir():
        return
    # Renamed when complete: a broker whose storage is formatted by half never starts again.
    partial = folder / f"{DATA}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    if (prepared / FEATURE_LEVELS).is_file():
        partial.mkdir()
        shutil.copyfile(prepared / FEATURE_LEVELS, partial / FEATURE_LEVELS)
        identity = {"version": "1", "cluster.id": cluster.id, "node.id": settings["node.id"]}
        write_properties(partial / "meta.properties", {**identity, "directory.id": new_uuid()})
    else:
        _format(partial, cluster, kafka=kafka, settings=settings)
    partial.rename(folder / DATA)


def _format(partial: Path, cluster: Cluster, *, kafka: Sequence[str], settings: Mapping[str, str]) -> None:
    folder = partial.parent
    properties = folder / "format.properties"
    write_properties(properties, {**settings, "log.dirs": partial.name})
    command = [*kafka, "kafka.tools.StorageTool", "format", "--cluster-id", cluster.id]
    outcome = subprocess.run(
        bound_to_parent([*command, "--config", properties.name]),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_FORMAT_TIMEOUT,
    )
    if outcome.returncode != 0:
        raise ServerDidNotStart(with_tail(f"Kafka could not format {folder}:", outcome.stdout))


def write_properties(path: Path, settings: Mapping[str, str]) -> None:
    """Write a properties file of Java's. Names and values are ASCII: Kafka reads it as Latin-1."""
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="ascii")
