"""The end of a process that must not wait for what hangs."""

import logging
import os
import threading

log = logging.getLogger(__name__)


def begin_limited_stop(seconds: float, exit_code: int) -> None:
    """End the process after so many seconds if it has not ended by itself until then."""

    def end() -> None:
        log.error("the gateway did not stop within %g s and ends now; what Kafka acknowledged is kept", seconds)
        logging.shutdown()
        os._exit(exit_code)

    limit = threading.Timer(seconds, end)
    # A thread that the interpreter waits for would itself delay the end.
    limit.daemon = True
    limit.start()
