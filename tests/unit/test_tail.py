"""The lines of `sigmak tail`."""

import json
from datetime import timedelta

import pytest

from ops.tail import as_json, assessment_line, status_line
from schemas.envelope import CloudEvent
from schemas.events import risk_assessment, task_status
from schemas.risks import RiskAssessment, RiskTotals, Severity
from schemas.tasks import TaskError, TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, TASK_ID, a_risk, a_status, an_assessment


def _status(state: TaskState = TaskState.PENDING, **changes: object) -> CloudEvent:
    return task_status(a_status(state, **changes), source="/test", time=NOON, owner="key-1")


def _assessment(*severities: float, heading: str = "A heading.") -> CloudEvent:
    parts = a_risk().severity.components
    risks = [
        a_risk(n, heading=f"{heading} {n}", severity=Severity(value=value, explanation="So it is.", components=parts))
        for n, value in enumerate(severities)
    ]
    totals = RiskTotals(risk_factors=3, shown=len(risks), by_novelty={"new": 1, "carried": 2})
    return risk_assessment(an_assessment(*risks, totals=totals), task_id=TASK_ID, source="/test", time=NOON, owner=None)


def test_json_is_one_line_of_a_cloud_event_with_the_data_as_it_came() -> None:
    event = _status()
    line = as_json(event)
    assert "\n" not in line
    told = json.loads(line)
    assert TaskStatus.model_validate(told.pop("data")) == a_status()
    assert told == {
        "specversion": "1.0", "id": f"{TASK_ID}.1.0", "type": "sigmak.task.status.v1", "source": "/test",
        "time": "2026-02-03T12:00:00+00:00", "subject": TASK_ID, "datacontenttype": "application/json",
    }  # fmt: skip


def test_an_assessment_tells_its_task_its_counts_and_its_most_severe_risk() -> None:
    assert assessment_line(_assessment(0.25, 0.75, 0.5)) == (
        f"{TASK_ID}  ACME 2024: 3 risk factors (2 carried, 1 new); most severe 0.75 OPERATIONAL: A heading. 1"
    )
    assert assessment_line(_assessment()) == f"{TASK_ID}  ACME 2024: 3 risk factors (2 carried, 1 new)"


def test_a_status_tells_how_far_it_is_and_what_went_wrong() -> None:
    assert status_line(_status()) == f"{TASK_ID}  ACME 2024  PENDING"
    progress = _status(TaskState.PROGRESS, progress=in_step(2))
    assert status_line(progress) == f"{TASK_ID}  ACME 2024  PROGRESS  2 of 5, segmenting"
    error = TaskError(type="unavailable", message="The store is away.")
    retry = _status(TaskState.RETRY, error=error, due_at=NOON + timedelta(minutes=1))
    assert status_line(retry).endswith(
        "RETRY  attempt 1 failed, the next is due at 2026-02-03 12:01:00+00:00  unavailable: The store is away."
    )


@pytest.mark.parametrize("told", [as_json, assessment_line, status_line])
def test_what_is_no_event_of_ours_is_an_error_that_the_command_can_pass_over(told: object) -> None:
    assert callable(told)
    with pytest.raises(ValueError):
        told(CloudEvent(id="1", type="any", source="/test", data=b"\xff garbage"))


def test_the_data_is_the_contracts() -> None:
    assert RiskAssessment.model_validate(json.loads(as_json(_assessment(0.5)))["data"]).risks[0].severity.value == 0.5
