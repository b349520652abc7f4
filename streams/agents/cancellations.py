"""The agent of the cancellations."""

from collections.abc import Awaitable, Callable

import faust

from schemas.topics import CANCELLATIONS
from streams.agents.delivery import add_agent
from streams.incoming import KafkaRecord


def add_cancellation_agent(
    app: faust.App, process: Callable[[KafkaRecord], Awaitable[None]], fail_stop: Callable[[BaseException], None]
) -> None:
    """Let `process` have each cancellation. `fail_stop`: see `add_agent`.

    Its topic has as many partitions as the lanes and the Table's changelog, so Faust gives one worker the same
    partitions of all of them: who is told of a cancellation has the filing, and its part of the Table.
    """
    add_agent(app, CANCELLATIONS, KafkaRecord, process, fail_stop)
