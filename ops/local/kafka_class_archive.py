"""An archive of the classes that a broker loads, made once: with it a Kafka starts at half the processor time."""

import logging
import tempfile
from pathlib import Path

from ops.local.kafka import LocalKafka, class_archive
from ops.local.one_process import only_one_process
from ops.local.process import ServerDidNotStart

log = logging.getLogger(__name__)

_WRITTEN_WITHIN = 120.0
"""Java writes it while it ends; killed after the usual ten seconds, it would leave none on a slow machine."""


def make_class_archive() -> None:
    """Make the archive unless there is one, by running a broker. Where Java can't, Kafka starts without; a log says so.

    Raises:
        MissingProgram: if Java or Maven is missing.
        KafkaNotFetched: if Maven cannot fetch Kafka.
    """
    archive = class_archive()
    with only_one_process(archive.with_suffix(".lock")):
        if archive.is_file():
            return
        # Renamed when complete: what was written by half would be refused at each start.
        partial = archive.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            kafka = LocalKafka(Path(folder), jvm_options=[f"-XX:ArchiveClassesAtExit={partial}"])
            try:
                kafka.start()
            except ServerDidNotStart as error:
                log.warning("no archive of Kafka's classes: %s", error)
                return
            kafka.stop(within=_WRITTEN_WITHIN)
        if partial.is_file():
            partial.rename(archive)
        else:
            log.warning("Java wrote no archive of Kafka's classes: a local Kafka starts more slowly")
