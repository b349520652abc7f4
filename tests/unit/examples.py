"""Valid objects of the contract, of which a test changes only what it is about."""

from datetime import UTC, datetime
from typing import Any

from gateway.keys import ApiKey
from schemas.filings import FilingSubmitted
from schemas.risks import (
    Category,
    Novelty,
    RiskAssessment,
    RiskFactor,
    RiskTotals,
    ScoringModel,
    Severity,
    SeverityComponent,
)
from schemas.tasks import WAITING, TaskState, TaskStatus

TASK_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def a_filing(**changes: Any) -> FilingSubmitted:
    """A filing event's data."""
    document = {} if "html_path" in changes else {"html_content": "<p>a filing</p>"}
    return FilingSubmitted.model_validate({"ticker": "ACME", "filing_year": 2024, **document, **changes})


def a_status(state: TaskState = TaskState.PENDING, **changes: Any) -> TaskStatus:
    """A task's status."""
    fields = {
        "task_id": TASK_ID, "status": state, "progress": WAITING, "ticker": "ACME", "filing_year": 2024,
        "submitted_at": NOON, **changes,
    }  # fmt: skip
    return TaskStatus.model_validate(fields)


def a_risk(position: int = 0, **changes: Any) -> RiskFactor:
    """A scored risk factor."""
    severity = Severity(
        value=0.5, explanation="Neither mild nor grave.",
        components=(SeverityComponent(name="language", value=0.5, weight=1.0),),
    )  # fmt: skip
    fields = {
        "id": f"risk-{position}", "position": position, "heading": "A heading.", "text": "A text.", "section": "",
        "start": 0, "end": 7, "category": Category.OPERATIONAL, "category_confidence": 0.9,
        "classification_method": "none", "severity": severity,
        "novelty": Novelty(value=None, kind="first", explanation="No earlier filing is known."),
        "source_citation": "0-7", **changes,
    }  # fmt: skip
    return RiskFactor.model_validate(fields)


def an_assessment(*risks: RiskFactor, **changes: Any) -> RiskAssessment:
    """A finished assessment with these risks."""
    fields = {
        "ticker": "ACME", "filing_year": 2024, "form": "10-K", "status": "found", "title": "Risk Factors",
        "chars": 100, "compared_with": (), "totals": RiskTotals(risk_factors=len(risks), shown=len(risks)),
        "risks": risks, **changes,
        "model": ScoringModel(analysis_version="test", embedding_model="none", classification_method="none"),
    }  # fmt: skip
    return RiskAssessment.model_validate(fields)


def an_api_key(id: str = "key-1", **changes: Any) -> ApiKey:
    """A key of the gateway; its hash is that of nothing."""
    return ApiKey.model_validate({"id": id, "name": "somebody", "sha256": "0" * 64, "created_at": NOON, **changes})
