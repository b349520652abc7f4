"""What the processes log, on stderr: of a library that says the same again and again, a line now and then."""

import logging
import re
import sys
import time
from collections.abc import Callable

from ops.terminal import printable

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_QUIET = ("httpx", "faust", "mode", "aiokafka", "uvicorn", "sentence_transformers")
"""Of these libraries only warnings are logged."""
_WORDY = ("librdkafka", "aiokafka", "faust", "mode")
"""While Kafka is away, each try to reach it is an error to these: 20 lines a second in a gateway, 105 in a worker."""
_AGAIN_AFTER_SECONDS = 10.0
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+")
_KNOWN_AT_MOST = 500


def log_to_stderr() -> None:
    """Log what is of level INFO and above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrintableFormatter(_FORMAT))
    handler.addFilter(Seldom(_WORDY))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class PrintableFormatter(logging.Formatter):
    """What a record says is one line, whatever it quotes; a traceback behind it keeps its lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, and its traceback."""
        return "\n".join(printable(line) for line in super().format(record).split("\n"))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The record's line."""
        return printable(super().formatMessage(record))


class Seldom(logging.Filter):
    """Lets a message of some loggers through once in ten seconds, with how often it came since; all of the others.

    Messages are the same that differ in numbers only: ports, ids and times.
    """

    def __init__(self, loggers: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._loggers, self._clock = loggers, clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}
        """When a logger said something last, and how often it was not let through since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is logged; what else it stands for is added to it."""
        if record.name.partition(".")[0] not in self._loggers:
            return True
        message, now = record.getMessage(), self._clock()
        said = (record.name, _NUMBER.sub("#", message))
        before, unsaid = self._said.get(said, (None, 0))
        if before is not None and now - before < _AGAIN_AFTER_SECONDS:
            self._said[said] = before, unsaid + 1
            return False
        if len(self._said) >= _KNOWN_AT_MOST:
            self._said.clear()
        self._said[said] = now, 0
        if unsaid:
            record.msg, record.args = f"{message} (and {unsaid} times more since this was last logged)", ()
        return True
