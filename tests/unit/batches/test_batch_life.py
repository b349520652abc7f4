"""The life of a batch in a worker, on a memory that outlives it as the broker would."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from schemas.batches import BatchMember, BatchOpened, BatchStatus, MemberOutcome, RiskDigest
from schemas.envelope import CloudEvent
from schemas.events import batch_opened, member_outcome
from schemas.identifiers import derived_task_id
from schemas.risks import Category
from schemas.tasks import TaskState
from schemas.topics import BATCHES, WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.batches.batch_life import BatchLife, OpenedBatch
from streams.gate import ProcessorGate
from streams.incoming import KafkaRecord
from streams.metrics import WorkerMetrics
from tests.unit.examples import NOON
from tests.unit.fake_publisher import FakePublisher, Published

BATCH = derived_task_id(NOON, "batch")
OWNER = "key-1"
URL = "https://example.com/hook"


class Crash(BaseException):
    """The process ends: nothing of it runs on."""


@dataclass
class Broker(FakePublisher):
    """Holds topics and Table, and crashes whoever wants one more acknowledgement than it may get."""

    batches: dict[str, OpenedBatch] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], MemberOutcome] = field(default_factory=dict)
    acknowledgements_left: int | None = None
    under_way: asyncio.Event | None = None

    async def acknowledged(self, batch_id: str) -> None:
        assert batch_id == BATCH
        if self.under_way is not None:
            await self.under_way.wait()

    def __post_init__(self) -> None:
        super().__init__()

    def acknowledge(self) -> None:
        """One more, or none."""
        if self.acknowledgements_left is not None:
            if not self.acknowledgements_left:
                raise Crash
            self.acknowledgements_left -= 1

    async def _take(self, message: Published) -> None:
        self.acknowledge()
        await super()._take(message)

    def batch(self, batch_id: str) -> OpenedBatch | None:
        return self.batches.get(batch_id)

    async def keep_batch(self, batch_id: str, batch: OpenedBatch) -> None:
        self.acknowledge()
        self.batches[batch_id] = batch

    def outcome(self, batch_id: str, task_id: str) -> MemberOutcome | None:
        return self.outcomes.get((batch_id, task_id))

    async def keep_outcome(self, batch_id: str, outcome: MemberOutcome) -> None:
        self.acknowledge()
        self.outcomes[batch_id, outcome.member.task_id] = outcome

    def ended(self, batch_id: str) -> frozenset[str]:
        return frozenset(task_id for batch, task_id in self.outcomes if batch == batch_id)

    def statuses(self) -> list[BatchStatus]:
        """What was told of the batch, repeats of one event once."""
        events = {message.event.id: message.event for message in self.on(BATCHES) if message.event is not None}
        return [BatchStatus.model_validate_json(event.data) for event in events.values()]

    def deliveries(self) -> list[WebhookDelivery]:
        """What is to be delivered; two that differ in anything are two."""
        told = {message.event.data for message in self.on(WEBHOOKS) if message.event is not None}
        return [WebhookDelivery.model_validate_json(data) for data in told]


def _members(count: int) -> tuple[BatchMember, ...]:
    return tuple(
        BatchMember(task_id=derived_task_id(NOON, BATCH, number), ticker=f"T{number}", filing_year=2024)
        for number in range(count)
    )


def _record(event: CloudEvent) -> KafkaRecord:
    return KafkaRecord("members", 3, 17, NOON, BATCH.encode(), event.data, event.headers())


def _opened(count: int, owner: str | None = OWNER, callback_url: str | None = None) -> KafkaRecord:
    opened = BatchOpened(members=_members(count), submitted_at=NOON, callback_url=callback_url)
    return _record(batch_opened(opened, batch_id=BATCH, source="/test", time=NOON, owner=owner))


def _ended(
    member: BatchMember, state: TaskState = TaskState.SUCCESS, *, risks: int = 1, owner: str | None = OWNER
) -> KafkaRecord:
    digest = RiskDigest(by_category={Category.OTHER: risks})
    outcome = MemberOutcome(member=member, state=state, ended_at=NOON, digest=digest)
    return _record(member_outcome(outcome, batch_id=BATCH, source="/test", time=NOON, owner=owner))


async def _process(broker: Broker, *records: KafkaRecord) -> list[str]:
    """Have one worker process them; returns what came of each."""
    metrics = WorkerMetrics()
    life = BatchLife(broker, broker, ProcessorGate(), metrics, lambda: NOON)
    taken: list[str] = []
    for record in records:
        before = _counted(metrics)
        await life.process(record)
        taken += (_counted(metrics) - before).elements()
    return taken


def _counted(metrics: WorkerMetrics) -> Counter[str]:
    [counter] = metrics.batch_events.collect()
    return Counter({s.labels["outcome"]: int(s.value) for s in counter.samples if s.name.endswith("_total")})


async def test_a_batch_ends_with_its_last_member_and_says_what_all_of_them_say() -> None:
    broker, members = Broker(), _members(3)
    await _process(broker, _opened(3), *(_ended(member) for member in members[:2]))
    assert [status.status for status in broker.statuses()] == ["OPEN", "OPEN"]
    await _process(broker, _ended(members[2], TaskState.FAILURE, risks=0))
    end = broker.statuses()[-1]
    assert (end.status, end.ended) == ("ENDED", {TaskState.FAILURE: 1, TaskState.SUCCESS: 2})
    assert end.digest.by_category == {Category.OTHER: 2}


async def test_what_is_told_belongs_to_the_batchs_owner_and_stands_under_its_id() -> None:
    broker = Broker()
    await _process(broker, _opened(1), _ended(_members(1)[0]))
    [message] = broker.on(BATCHES)
    assert message.event is not None
    assert (message.key, message.event.subject) == (BATCH, BATCH)
    assert message.event.extensions == {"sigmak-owner": OWNER}


@pytest.mark.parametrize("seed", range(5))
async def test_in_whatever_order_and_however_often_outcomes_come_the_end_is_told_once_and_is_the_same(
    seed: int,
) -> None:
    chance, broker = random.Random(seed), Broker()
    outcomes = [_ended(member, risks=number) for number, member in enumerate(_members(6))]
    await _process(broker, _opened(6), _opened(6), *chance.sample(outcomes * 3, 18))
    ends = [status for status in broker.statuses() if status.status == "ENDED"]
    assert len(ends) == 1
    assert ends[0].digest.by_category == {Category.OTHER: 15}


async def test_the_first_outcome_of_a_member_counts() -> None:
    broker, [member] = Broker(), _members(1)
    taken = await _process(broker, _opened(1), _ended(member), _ended(member, TaskState.FAILURE, risks=7))
    assert taken == ["opened", "outcome", "repeated"]
    assert {status.model_dump_json() for status in broker.statuses()} == {broker.statuses()[0].model_dump_json()}
    assert broker.statuses()[0].ended == {TaskState.SUCCESS: 1}


@pytest.mark.parametrize("again", [_opened(2), _ended(_members(2)[0])], ids=["opened", "outcome"])
async def test_a_repeat_is_committed_once_what_it_repeats_is_on_the_broker(again: KafkaRecord) -> None:
    broker = Broker()
    await _process(broker, _opened(2), _ended(_members(2)[0]))
    broker.under_way = asyncio.Event()
    repeating = asyncio.create_task(_process(broker, again))
    assert not (await asyncio.wait([repeating], timeout=0.05))[0]
    broker.under_way.set()
    assert await repeating == ["repeated"]


async def _until_the_crash(broker: Broker, records: list[KafkaRecord]) -> list[KafkaRecord]:
    """Process records up to the crash that must come; returns those that were not committed."""
    for number, record in enumerate(records):
        try:
            await _process(broker, record)
        except Crash:
            return records[number:]
    pytest.fail("there was no crash")


_ACKNOWLEDGEMENTS = 1 + 2 * 2 + 1
"""The batch; of each of two members its outcome and the status; the webhook."""


@pytest.mark.parametrize("acknowledged", range(_ACKNOWLEDGEMENTS))
async def test_a_crash_after_any_acknowledgement_ends_the_batch_once_and_as_without_it(acknowledged: int) -> None:
    records = [_opened(2, callback_url=URL), *(_ended(member) for member in _members(2))]
    unbroken, broker = Broker(), Broker(acknowledgements_left=acknowledged)
    await _process(unbroken, *records)
    uncommitted = await _until_the_crash(broker, records)
    broker.acknowledgements_left = None
    await _process(broker, *uncommitted)  # delivered again
    assert broker.statuses() == unbroken.statuses()
    assert broker.statuses()[-1].status == "ENDED"
    assert broker.deliveries() == unbroken.deliveries()
    assert len(broker.deliveries()) == 1


async def test_who_asked_is_told_of_the_end_behind_its_status_and_of_nothing_before() -> None:
    broker, members = Broker(), _members(2)
    await _process(broker, _opened(2, callback_url=URL), _ended(members[0]))
    assert broker.topics() == [BATCHES]
    await _process(broker, _ended(members[1]))
    assert broker.topics() == [BATCHES, BATCHES, WEBHOOKS]
    [delivery] = broker.deliveries()
    assert (delivery.subject, delivery.url, delivery.owner) == (BATCH, URL, OWNER)
    assert broker.on(WEBHOOKS)[0].key == BATCH


async def test_who_is_told_again_is_told_the_same_under_the_same_id() -> None:
    broker, [member] = Broker(), _members(1)
    await _process(broker, _opened(1, callback_url=URL), _ended(member), _ended(member, TaskState.FAILURE))
    assert len(broker.on(WEBHOOKS)) == 2
    assert len(broker.deliveries()) == 1


async def test_a_batch_of_hundreds_is_told_about_twenty_times_and_surely_at_its_end() -> None:
    broker, members = Broker(), _members(499)
    await _process(broker, _opened(499), *(_ended(member) for member in members))
    assert 20 <= len(broker.statuses()) <= 22
    assert broker.statuses()[-1].ended_members == 499


async def test_an_outcome_of_a_stranger_changes_nothing() -> None:
    broker, member = Broker(), _members(1)[0]
    stranger = member.model_copy(update={"task_id": derived_task_id(NOON, "another")})
    taken = await _process(
        broker, _ended(member), _opened(1), _ended(stranger), _ended(member, owner=None), _ended(member, owner="key-2")
    )
    assert taken == ["stranger", "opened", "stranger", "stranger", "stranger"]
    assert broker.statuses() == []


async def test_a_batch_that_was_opened_is_not_opened_as_another() -> None:
    broker = Broker()
    await _process(broker, _opened(1), _opened(2, owner="key-2"), _ended(_members(1)[0]))
    assert broker.statuses()[-1].status == "ENDED"


@pytest.mark.parametrize(
    "changes",
    [
        {"value": b"{}"}, {"value": None}, {"headers": []}, {"key": b"another"}, {"key": None},
        {"headers": [*_opened(1).headers, ("ce_type", b"sigmak.task.status.v1")]},
        {"headers": [*_opened(1).headers, ("ce_subject", b"no id")], "key": b"no id"},
        {"value": _ended(_members(1)[0], TaskState.PROGRESS).value, "headers": _ended(_members(1)[0]).headers},
    ],
)  # fmt: skip
async def test_what_is_no_event_of_a_batch_is_passed_over(changes: dict[str, object]) -> None:
    broker = Broker()
    assert await _process(broker, replace(_opened(1), **changes)) == ["undecodable"]  # type: ignore[arg-type]
    assert broker.batches == {}
