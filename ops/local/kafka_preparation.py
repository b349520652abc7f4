"""What halves the time that a Kafka takes to start, made once: an archive of its classes, and its feature levels."""

import logging
import shutil
import tempfile
from pathlib import Path

from ops.local.kafka import LocalKafka, class_archive
from ops.local.kafka_storage import DATA, FEATURE_LEVELS
from ops.local.one_process import only_one_process
from ops.local.process import ServerDidNotStart

log = logging.getLogger(__name__)

_WRITTEN_WITHIN = 120.0
"""Java writes the archive while it ends; killed after the usual ten seconds, it would leave none on a slow machine."""


def prepare_kafka() -> None:
    """Make what is missing by running a broker; where Java can't, Kafka starts without, and a log says so.

    Raises:
        MissingProgram: if Java or Maven is missing.
        KafkaNotFetched: if Maven cannot fetch it.
    """
    archive = class_archive()
    feature_levels = archive.parent / FEATURE_LEVELS
    with only_one_process(archive.with_suffix(".lock")):
        if archive.is_file() and feature_levels.is_file():
            return
        # Renamed when complete: what was written by half would be refused at each start.
        partial_archive, partial_levels = archive.with_suffix(".partial"), feature_levels.with_suffix(".partial")
        partial_archive.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            # Java refuses to make an archive while it uses one.
            options = [] if archive.is_file() else [f"-XX:ArchiveClassesAtExit={partial_archive}"]
            kafka = LocalKafka(Path(folder), jvm_options=options)
            try:
                kafka.start()
            except ServerDidNotStart as error:
                log.warning("Kafka's start can't be prepared: %s", error)
                return
            kafka.stop(within=_WRITTEN_WITHIN)
            shutil.copyfile(Path(folder) / "broker-1" / DATA / FEATURE_LEVELS, partial_levels)
        partial_levels.rename(feature_levels)
        if partial_archive.is_file():
            partial_archive.rename(archive)
        elif not archive.is_file():
            log.warning("Java wrote no archive of Kafka's classes: a local Kafka starts more slowly")
