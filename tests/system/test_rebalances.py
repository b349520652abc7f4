"""Workers come and go under load, by design and by accident: every filing is executed, in the end once."""

import itertools
import os
import signal
import uuid

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from streams.agents.app import GROUP
from tests.standing_still import go_on
from tests.system.parts import System, Worker
from tests.waiting import eventually

_FILINGS_A_ROUND = 40
_TICKERS = 40


def test_no_filing_is_lost_while_workers_are_added_stopped_and_killed(system: System) -> None:
    gateway = system.gateway()
    contents: dict[str, str] = {}
    tickers = itertools.cycle(f"MOVE{number}" for number in range(_TICKERS))

    def submit() -> None:
        for _ in range(_FILINGS_A_ROUND):
            content = f"nap-{uuid.uuid4().hex}"
            contents[gateway.submit(ticker=next(tickers), html_content=content)] = content

    def some_done(share: float) -> None:
        goal = share * len(contents)
        eventually(lambda: _executed(system, contents) >= goal, within=60, what=f"{share:.0%} of the filings executed")

    submit()
    workers: list[Worker] = [system.worker("scripted"), system.worker("scripted", wait=False)]
    some_done(0.3)
    submit()
    workers.append(system.worker("scripted", wait=False))
    some_done(0.6)
    workers[0].process.kill()
    submit()
    some_done(0.7)
    workers[1].terminate()
    workers.append(system.worker("scripted", wait=False))
    submit()
    some_done(0.8)
    workers[2].terminate()
    ends = {task: gateway.ended(task, within=90)["status"] for task in contents}
    assert set(ends.values()) == {"SUCCESS"}
    executed = [system.executions(content) for content in contents.values()]
    assert sum(executed) - len(executed) <= 1, "only the filing in the killed worker's hand is executed again"


def test_a_worker_that_is_told_to_stop_while_it_waits_for_its_partitions_ends(system: System) -> None:
    standing = system.worker("empty", session_timeout=60)
    os.kill(standing.process.pid, signal.SIGSTOP)
    try:
        joining = system.worker("empty", wait=False)
        admin = AdminClient({"bootstrap.servers": system.kafka})
        eventually(lambda: _is_rebalancing(admin), within=30, what="the group waits for the worker that stands still")
        joining.terminate()
        assert joining.process.ended_within(40)
        assert joining.process.ending() == "ended with exit code 0"
    finally:
        go_on(standing.process.pid)


def _is_rebalancing(admin: AdminClient) -> bool:
    group = admin.describe_consumer_groups([GROUP])[GROUP].result(10)
    return bool(group.state == ConsumerGroupState.PREPARING_REBALANCING)


def _executed(system: System, contents: dict[str, str]) -> int:
    return sum(system.executions(content) > 0 for content in contents.values())
