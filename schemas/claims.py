"""SubmissionClaim: which task an Idempotency-Key stands for, and what became of its submission."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import EventModel


class ClaimState(StrEnum):
    """What is known of a keyed submission; told in this order, each at most once by those who hold the claim."""

    CLAIMED = "claimed"
    """The first claim of a key holds it: the key stands for this claim's task."""
    ACCEPTED = "accepted"
    """The task's filing event is on its lane."""
    RELEASED = "released"
    """The filing can never be accepted: the key may be claimed for another."""


class SubmissionClaim(EventModel):
    """One record of the topic of claims. Its Kafka key is a hash of the API key's id and the Idempotency-Key."""

    task_id: str
    """A UUIDv7, made for the claim: the task's, should it hold."""
    body_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of all that was asked for, the document's text included; never the text itself."""
    state: ClaimState
    """What this record says."""
