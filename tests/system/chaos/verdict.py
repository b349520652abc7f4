"""What came of a run, read from the topics, through the gateways, and by who was called back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.system.chaos.batch_verdict import BatchFaults
from tests.system.chaos.clients import AcceptedFiling
from tests.system.chaos.facts import Facts
from tests.system.chaos.webhook_verdict import WebhookFaults


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts, all of which must be zero.

    Attributes:
        lost: accepted filings without an end.
        wrong_ends: that ended otherwise than planned.
        several_ends: tasks with more than one kind of end on the status topic.
        unreadable: whose end a gateway does not tell.
        missing_assessments: SUCCESS without an assessment.
        differing_assessments: tasks whose assessments are not all alike.
        backward_steps: statuses of tasks and batches that went back, as seen through one gateway.
        too_many_executions: executions above the planned ones and the filings that may have been in hand at a blow.
        batches_not_closed: as in `BatchFaults`, like the next three.
        webhooks_missing: as in `WebhookFaults`, like the last.
    """

    lost: int
    wrong_ends: int
    several_ends: int
    unreadable: int
    missing_assessments: int
    differing_assessments: int
    backward_steps: int
    too_many_executions: int
    batches_not_closed: int
    batches_doubled: int
    batches_wrong: int
    batches_unreadable: int
    webhooks_missing: int
    webhooks_wrong: int

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not any(asdict(self).values())


def wrong_ends(accepted: Sequence[AcceptedFiling], facts: Facts) -> list[dict[str, Any]]:
    """The filings that ended otherwise than planned, in words."""
    wrong = []
    for filing in accepted:
        for end in facts.ends.get(filing.task_id, [])[:1]:
            error = end.error.type if end.error else None
            if (end.status.value, error) != (filing.planned.state, filing.planned.error):
                wrong.append({"task": filing.task_id, "kind": filing.planned.kind, "end": end.status, "error": error})
    return wrong


def extra_executions(accepted: Sequence[AcceptedFiling], executions: Mapping[str, int]) -> int:
    """Executions of accepted filings above the planned ones."""
    return sum(max(0, executions[filing.task_id] - filing.planned.executions) for filing in accepted)


def judge(
    accepted: Sequence[AcceptedFiling],
    facts: Facts,
    *,
    told: Mapping[str, Sequence[str | None]],
    executions: Mapping[str, int],
    blows: int,
    backward_steps: int,
    batches: BatchFaults,
    webhooks: WebhookFaults,
) -> Verdict:
    """The verdict.

    Args:
        told: task -> the state that each gateway tells at the end.
        executions: task -> how often its analysis began.
        blows: filings that may have been in hand when a worker was hit.
    """
    successes = [
        filing for filing in accepted if any(end.status == "SUCCESS" for end in facts.ends.get(filing.task_id, ()))
    ]
    return Verdict(
        lost=sum(filing.task_id not in facts.ends for filing in accepted),
        wrong_ends=len(wrong_ends(accepted, facts)),
        several_ends=sum(len({(end.status, end.error) for end in ends}) > 1 for ends in facts.ends.values()),
        unreadable=sum(state != filing.planned.state for filing in accepted for state in told[filing.task_id]),
        missing_assessments=sum(not facts.assessments.get(filing.task_id) for filing in successes),
        differing_assessments=sum(len(set(each)) > 1 for each in facts.assessments.values()),
        backward_steps=backward_steps,
        too_many_executions=max(0, extra_executions(accepted, executions) - blows),
        batches_not_closed=len(batches.not_closed),
        batches_doubled=len(batches.doubled),
        batches_wrong=len(batches.wrong),
        batches_unreadable=len(batches.unreadable),
        webhooks_missing=len(webhooks.missing),
        webhooks_wrong=len(webhooks.wrong),
    )
