"""`python -m ops.local.fetch`: gets the servers' programs, which takes longer than a test may."""

import logging
import sys

from ops.local.kafka_preparation import prepare_kafka
from ops.local.programs import MissingProgram
from ops.local.toxiproxy_program import toxiproxy_program
from ops.local.weaviate_program import weaviate_program

log = logging.getLogger(__name__)


def main() -> None:
    """Get what can be got; what needs a program that is missing is said, and missed by the tests that need it."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for get in (prepare_kafka, weaviate_program, toxiproxy_program):
        try:
            get()
        except MissingProgram as error:
            log.warning("%s", error)


if __name__ == "__main__":
    main()
