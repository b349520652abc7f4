"""Batches in real workers: what their members say comes together, whichever worker dies meanwhile."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from schemas.batches import BatchMember, BatchOpened, BatchStatus
from schemas.events import batch_opened, filing_submitted
from schemas.filings import FilingSubmitted
from schemas.identifiers import derived_task_id, new_task_id
from schemas.tasks import TaskState
from schemas.topics import BATCH_MEMBERS, BATCHES, FILINGS
from tests.system.event_reader import EventReader
from tests.system.parts import System, header, records
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher


def _submit(kafka: str, contents: Sequence[str]) -> str:
    """Put a batch on Kafka as a gateway does: its members, then their filings; returns its id."""
    return asyncio.run(_submitted(kafka, contents))


async def _submitted(kafka: str, contents: Sequence[str]) -> str:
    batch_id, now = new_task_id(), datetime.now(UTC)
    members = tuple(
        BatchMember(task_id=derived_task_id(now, batch_id, number), ticker=f"BATCH{number % 3}", filing_year=2024)
        for number, _ in enumerate(contents)
    )
    opened = batch_opened(
        BatchOpened(members=members, submitted_at=now), batch_id=batch_id, source="/test", time=now, owner="key-1"
    )
    publisher = KafkaPublisher(KafkaConnection(kafka), client_id="test", delivery_timeout=30)
    try:
        await asyncio.to_thread(lambda: eventually(lambda: publisher.available, within=20, what="Kafka is reached"))
        await publisher.publish(BATCH_MEMBERS, batch_id, opened)
        for member, content in zip(members, contents, strict=True):
            filing = FilingSubmitted(
                ticker=member.ticker, filing_year=member.filing_year, html_content=content, batch_id=batch_id
            )
            event = filing_submitted(filing, task_id=member.task_id, source="/test", time=now, owner="key-1")
            await publisher.publish(FILINGS, member.ticker, event)
        return batch_id
    finally:
        publisher.close()


def _statuses(kafka: str, batch_id: str) -> dict[str, BatchStatus]:
    """What was told of a batch, by event id."""
    told = [message for message in records(kafka, BATCHES) if message.key() == batch_id.encode()]
    return {str(header(each, "ce_id")): BatchStatus.model_validate_json(each.value() or b"") for each in told}


def _end(kafka: str, batch_id: str) -> BatchStatus | None:
    ends = [status for status in _statuses(kafka, batch_id).values() if status.status == "ENDED"]
    assert len(ends) <= 1
    return ends[0] if ends else None


def test_a_batch_ends_with_its_last_member_also_when_workers_were_killed_meanwhile(system: System) -> None:
    doomed = [system.worker("scripted", wait=False) for _ in range(2)]
    for worker in doomed:
        worker.process.wait_until_ready(worker.ready, within=60)
    contents = [f"{kind}-{uuid.uuid4().hex}" for kind in ["nap"] * 8 + ["permanent"] * 2 + ["hold"]]
    batch_id = _submit(system.kafka, contents)
    eventually(lambda: len(_statuses(system.kafka, batch_id)) >= 3, within=60, what="some members have ended")
    for worker in doomed:
        worker.process.kill()
    system.worker("scripted")
    (system.analyses / f"{contents[-1]}.go").touch()
    end = eventually(lambda: _end(system.kafka, batch_id), within=60, what="the end of the batch")
    assert end.ended == {TaskState.FAILURE: 2, TaskState.SUCCESS: 9}
    assert {failure.error.type for failure in end.failures if failure.error} == {"not_a_filing"}
    assert [company.ticker for company in end.companies] == ["BATCH0", "BATCH1", "BATCH2"]


def test_a_batch_over_http_counts_its_members_refuses_what_is_none_and_ends_when_the_rest_is_cancelled(
    system: System,
) -> None:
    gateway, started = system.gateway(), system.gateway()
    other = replace(started, key=gateway.key)
    kinds = ["permanent", "nap", "hold", "nap"]
    contents = [f"{kind}-{uuid.uuid4().hex}" for kind in kinds]
    filings = [{"ticker": "HTTP", "filing_year": 2024, "html_content": content} for content in contents]
    body, key = {"filings": [{"ticker": "no ticker"}, *filings]}, {"Idempotency-Key": uuid.uuid4().hex}
    answer = gateway.ask("POST", "/batches", json=body, headers=key)
    assert answer.status_code == 202, answer.text
    accepted = answer.json()
    assert [each["index"] for each in accepted["refused"]] == [0]
    place = f"/batches/{accepted['batch_id']}"
    assert gateway.ask("GET", place).json()["counts"] == {"PENDING": 4}
    stream = EventReader(other, f"{place}/events")
    assert stream.began.wait(20)
    again = gateway.ask("POST", "/batches", json=body, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (accepted, "true")
    worker = system.worker("scripted")
    eventually(lambda: system.executions(contents[2]), within=30, what="the third filing has begun")
    open_ = eventually(
        lambda: found if (found := gateway.ask("GET", place).json())["counts"].get("PROGRESS") else None,
        within=10,
        what="the third filing is in work",
    )
    assert open_["counts"] == {"FAILURE": 1, "SUCCESS": 1, "PROGRESS": 1, "PENDING": 1}
    eventually(
        lambda: any(told["counts"] == open_["counts"] for _, _, told in [*stream.events]),
        within=10,
        what="the stream tells of the third filing's work",
    )
    assert gateway.ask("DELETE", place).status_code == 202
    # Of one company, cancellations come in the order of the members: the third's is taken, too, when the fourth has ended.
    eventually(
        lambda: gateway.ask("GET", place).json()["counts"].get("CANCELLED"), within=30, what="the fourth is cancelled"
    )
    (system.analyses / f"{contents[2]}.go").touch()
    ended = eventually(
        lambda: found if (found := gateway.ask("GET", place).json())["status"] == "ENDED" else None,
        within=30,
        what="the end of the batch",
    )
    assert ended["counts"] == {"SUCCESS": 1, "FAILURE": 1, "CANCELLED": 2}
    assert [member["task_id"] for member in ended["members"]] == accepted["task_ids"][1:]
    assert [failure["state"] for failure in ended["failures"]] == ["FAILURE", "CANCELLED", "CANCELLED"]
    assert gateway.ask("DELETE", place).status_code == 409
    assert stream.over.wait(20)
    assert (stream.events[0][2]["counts"], stream.events[-1][2]) == ({"PENDING": 4}, ended)
    assert {*stream.names()[:-1]} == {"OPEN"}
    ids = [int(each) for each, _, _ in stream.events]
    assert ids == sorted({*ids})
    assert other.ask("GET", place, params={"wait": 60}).json() == ended
    assert other.ask("GET", f"{place}/events", headers={"Last-Event-ID": str(ids[-1])}).status_code == 204
    assert worker.ready()
