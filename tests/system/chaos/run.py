"""One chaos run, from the first filing to the verdict."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.system.chaos.clients import AcceptedFiling, Reader, Submitter
from tests.system.chaos.cluster import Cluster, running_cluster
from tests.system.chaos.plan import ScheduledFault, planned_filings, scheduled_faults
from tests.system.chaos.verdict import Facts, Verdict, extra_executions, judge, wrong_ends

_ALL_ENDED_WITHIN = 150.0
_SECONDS_A_FILING = 0.2


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
    schedule = scheduled_faults(random_, seconds)
    analysis = "scripted" if document is None else "real"
    with running_cluster(folder, analysis, gateways=gateways, workers=workers) as cluster:
        submitter = Submitter(cluster.gateways, random.Random(seed + 1))
        readers = [Reader(gateway, submitter) for gateway in cluster.gateways]
        asking = [threading.Thread(target=reader.keep_asking) for reader in readers]
        strikes: list[tuple[ScheduledFault, float]] = []
        for thread in asking:
            thread.start()
        try:
            with ThreadPoolExecutor(1) as striking:
                struck = striking.submit(_strike, cluster, schedule, random_, strikes)
                submitter.submit_all(planned, over=seconds, document=document)
                struck.result()
            cluster.wait_until_ready()
            healed_at = time.time()
            told = _told_at_the_end(cluster, submitter.accepted)
        finally:
            for reader in readers:
                reader.stop()
            for thread in asking:
                thread.join()
        facts = Facts.of(cluster.system.kafka)
        executions = {each.task_id: cluster.system.executions(each.content) for each in submitter.accepted}
        verdict = judge(
            submitter.accepted,
            facts,
            told=told,
            executions=executions if document is None else dict.fromkeys(executions, 1),
            blows=cluster.blows,
            backward_steps=sum(len(reader.backward) for reader in readers),
        )
        figures = {
            "seed": seed,
            "accepted": len(submitter.accepted),
            **asdict(verdict),
            "executions_repeated": extra_executions(submitter.accepted, executions),
            "filings_in_hand_at_blows_at_most": cluster.blows,
            "faults": Counter(str(strike.fault) for strike, *_ in strikes),
            "answers": submitter.answers,
            "reads": sum(reader.reads for reader in readers),
            "recovery_seconds": _recoveries(strikes, facts.end_times),
            "last_end_after_faults_seconds": round(max(0.0, facts.end_times[-1] - healed_at), 1),
            "wrong": [*wrong_ends(submitter.accepted, facts), *(step for each in readers for step in each.backward)][
                :10
            ],
        }
    return verdict, figures


def _strike(
    cluster: Cluster,
    schedule: Sequence[ScheduledFault],
    random_: random.Random,
    strikes: list[tuple[ScheduledFault, float]],
) -> None:
    start = time.monotonic()
    try:
        for scheduled in schedule:
            time.sleep(max(0.0, start + scheduled.at - time.monotonic()))
            cluster.strike(scheduled, random_)
            strikes.append((scheduled, time.time()))
    finally:
        # Submissions would wait for ever behind a link that stays broken.
        cluster.heal()


def _told_at_the_end(cluster: Cluster, accepted: Sequence[AcceptedFiling]) -> dict[str, list[str | None]]:
    """What each gateway tells of each task, once it has ended or the time for that is up."""
    told: dict[str, list[str | None]] = defaultdict(list)
    deadline = time.monotonic() + _ALL_ENDED_WITHIN
    for gateway in cluster.gateways:
        for filing in accepted:
            try:
                told[filing.task_id].append(gateway.ended(filing.task_id, within=deadline - time.monotonic())["status"])
            except AssertionError:
                told[filing.task_id].append(None)
    return told


def _recoveries(strikes: Sequence[tuple[ScheduledFault, float]], end_times: Sequence[float]) -> dict[str, float]:
    """By fault, the longest time from its end to the next end of a filing."""
    longest: dict[str, float] = {}
    for strike, over_at in strikes:
        after = next((time_ for time_ in end_times if time_ >= over_at), None)
        if after is not None:
            longest[strike.fault] = round(max(longest.get(strike.fault, 0.0), after - over_at), 1)
    return longest
