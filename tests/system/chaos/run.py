"""One chaos run, from the first filing to the verdict."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.system.chaos.batch_verdict import faults_of_batches
from tests.system.chaos.callbacks import Callbacks
from tests.system.chaos.clients import Reader, Submitter
from tests.system.chaos.cluster import Cluster, running_cluster
from tests.system.chaos.ending import wait_for_ends
from tests.system.chaos.facts import Facts
from tests.system.chaos.faults import ScheduledFault, scheduled_faults
from tests.system.chaos.plan import in_submissions, planned_filings
from tests.system.chaos.verdict import Verdict, extra_executions, judge, wrong_ends
from tests.system.chaos.webhook_verdict import faults_of_webhooks, repeated

_SECONDS_A_FILING = 0.2
_TOLD_AT_MOST = 10


def chaos(
    seed: int, filings: int, folder: Path, *, workers: int = 3, gateways: int = 2, document: str | None = None
) -> tuple[Verdict, dict[str, Any]]:
    """Run it; returns the verdict and figures that can be printed as JSON.

    Args:
        filings: how many; they are submitted over as long as one worker would take for them.
        document: a filing to send each time with the real analysis behind the agents, instead of the scripted one.
    """
    random_ = random.Random(seed)
    seconds = filings * _SECONDS_A_FILING
    planned = planned_filings(random_, filings)
    if document is not None:
        planned = [each for each in planned if each.kind == "doze"]
    submissions = in_submissions(random_, planned)
    schedule = scheduled_faults(random_, seconds)
    analysis = "scripted" if document is None else "real"
    strikes: list[tuple[ScheduledFault, float]] = []
    with (
        running_cluster(folder, analysis, gateways=gateways, workers=workers) as cluster,
        Callbacks(cluster.secret) as callbacks,
    ):
        submitter = Submitter(cluster.gateways, random.Random(seed + 1), callbacks, document)
        readers = [Reader(gateway, submitter) for gateway in cluster.gateways]
        with _asking(readers):
            with ThreadPoolExecutor(1) as striking:
                struck = striking.submit(_strike, cluster, schedule, random_, submitter, strikes)
                submitter.submit_all(submissions, over=seconds)
                struck.result()
            cluster.wait_until_ready()
            healed_at = time.time()
            told = wait_for_ends(cluster.gateways, submitter)
        # Before the facts: what somebody was called for must stand on the topics by then.
        called = list(callbacks.told)
        facts = Facts.of(cluster.system.kafka)
        executions = {each.task_id: cluster.system.executions(each.content) for each in submitter.accepted}
    batches = faults_of_batches(submitter.batches, facts, told.batches)
    ends = {task_id: ends_[0].status.value for task_id, ends_ in facts.ends.items()}
    ends |= {each.batch_id: "ENDED" for each in submitter.batches if each.batch_id not in batches.not_closed}
    webhooks = faults_of_webhooks(submitter.to_be_called(), called, ends)
    verdict = judge(
        submitter.accepted,
        facts,
        told=told.tasks,
        executions=executions if document is None else dict.fromkeys(executions, 1),
        blows=cluster.blows,
        backward_steps=sum(len(reader.backward) for reader in readers),
        batches=batches,
        webhooks=webhooks,
    )
    high = [each.task_id for each in submitter.accepted if each.planned.priority == "high"]
    figures = {
        "seed": seed,
        "accepted": len(submitter.accepted),
        "batches": len(submitter.batches),
        "in_batches": sum(len(batch.filings) for batch in submitter.batches),
        "high_priority": len(high),
        "high_priority_ended": sum(task_id in facts.ends for task_id in high),
        "callbacks": len(submitter.to_be_called()),
        **asdict(verdict),
        "webhooks_repeated": repeated(called),
        "executions_repeated": extra_executions(submitter.accepted, executions),
        "filings_in_hand_at_blows_at_most": cluster.blows,
        "faults": Counter(str(strike.fault) for strike, *_ in strikes),
        "endings": cluster.endings,
        "answers": submitter.answers,
        "reads": sum(reader.reads for reader in readers),
        "recovery_seconds": _recoveries(strikes, facts.end_times),
        "last_end_after_faults_seconds": round(max(0.0, facts.end_times[-1] - healed_at), 1),
        "wrong": {
            "ends": wrong_ends(submitter.accepted, facts)[:_TOLD_AT_MOST],
            "steps": [step for reader in readers for step in reader.backward][:_TOLD_AT_MOST],
            "batches": asdict(batches),
            "webhooks": asdict(webhooks),
        },
    }
    return verdict, figures


@contextmanager
def _asking(readers: Sequence[Reader]) -> Iterator[None]:
    """Have them ask for as long as the block lasts."""
    asking = [threading.Thread(target=reader.keep_asking) for reader in readers]
    for thread in asking:
        thread.start()
    try:
        yield
    finally:
        for reader in readers:
            reader.stop()
        for thread in asking:
            thread.join()


def _strike(
    cluster: Cluster,
    schedule: Sequence[ScheduledFault],
    random_: random.Random,
    submitter: Submitter,
    strikes: list[tuple[ScheduledFault, float]],
) -> None:
    try:
        for scheduled in schedule:
            # Not at a time of its own: a broker that was slow to start would be killed again before it did anything.
            time.sleep(scheduled.after)
            cluster.strike(scheduled, random_, lambda: submitter.has_batch)
            strikes.append((scheduled, time.time()))
    finally:
        # Submissions would wait for ever behind a link that stays broken.
        cluster.heal()


def _recoveries(strikes: Sequence[tuple[ScheduledFault, float]], end_times: Sequence[float]) -> dict[str, float]:
    """By fault, the longest time from its end to the next end of a filing."""
    longest: dict[str, float] = {}
    for strike, over_at in strikes:
        after = next((time_ for time_ in end_times if time_ >= over_at), None)
        if after is not None:
            longest[strike.fault] = round(max(longest.get(strike.fault, 0.0), after - over_at), 1)
    return longest
