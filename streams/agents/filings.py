"""The agents of both lanes."""

from collections.abc import Awaitable, Callable

import faust

from schemas.topics import LANES
from streams.agents.delivery import add_agent
from streams.incoming import FilingRecord
from streams.progress import HeadsInHand


def add_filing_agents(
    app: faust.App,
    process: Callable[[FilingRecord], Awaitable[None]],
    heads: HeadsInHand,
    fail_stop: Callable[[BaseException], None],
) -> None:
    """Let `process` have each event of the lanes; `heads` is told which are in hand. `fail_stop`: see `add_agent`."""

    async def process_head(record: FilingRecord) -> None:
        heads.began(record)
        try:
            await process(record)
        finally:
            heads.ended(record)

    for lane in LANES:
        add_agent(app, lane, FilingRecord, process_head, fail_stop)
