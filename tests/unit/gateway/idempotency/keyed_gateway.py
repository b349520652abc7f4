"""A gateway that takes submissions with an Idempotency-Key, and what they leave on a `FakePublisher`."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from gateway.idempotency.fingerprints import body_hash
from gateway.idempotency.submissions import KeyedSubmissions, Receipt
from gateway.publisher import FilingPublisher, Offered, OutcomeUnknown
from schemas.filings import FilingSubmitted
from schemas.identifiers import new_task_id
from schemas.topics import FILINGS, IDEMPOTENCY, TASKS
from tests.unit.examples import NOON, TRACEPARENT, a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.idempotency.breaking_kafka import Killed
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from transport.publisher import KafkaAway

ALL_OF_ONE = [IDEMPOTENCY, TASKS, FILINGS, IDEMPOTENCY]


def gateway_on(
    kafka: FakePublisher, claims: FakeClaims | None = None, timeout: float = 5, now: datetime = NOON
) -> KeyedSubmissions[Offered]:
    """One gateway's; all on one Kafka share its keys."""
    publisher = FilingPublisher(kafka, timeout)
    return KeyedSubmissions(publisher, claims or FakeClaims(kafka), now=lambda: now, body_hash=_hashed_at_once)


async def _hashed_at_once(submission: Offered) -> str:
    """In a thread, as gateways do it, those that come together would go on in any order."""
    return body_hash(submission)


def offered(filing: FilingSubmitted | None = None, owner: str = "key-1") -> Offered:
    """A submission, of key-1 unless another owner is given."""
    return Offered(filing or a_filing(), owner, "normal", TRACEPARENT)


async def until(condition: Callable[[], bool]) -> None:
    """Let the others go on until it is so."""
    async with asyncio.timeout(5):
        while True:
            if condition():
                return
            await asyncio.sleep(0)


def tasks_on(kafka: FakePublisher) -> set[str]:
    """The ids of all tasks of which a reader or a worker may ever hear."""
    events = [message.event.id for message in kafka.on(FILINGS) if message.event is not None]
    return {*events, *(str(message.key) for message in kafka.on(TASKS))}


async def answer(gateway: KeyedSubmissions[Offered]) -> Receipt | BaseException:
    """What a submission under the key "one" comes to: a receipt, or how it broke off."""
    try:
        return await gateway.submit("one", new_task_id(), offered())
    except (Killed, KafkaAway, OutcomeUnknown) as error:
        return error
