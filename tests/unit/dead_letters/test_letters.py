"""Which dead letters there are, and what becomes of one that is redriven."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.dead_letters.letters import DeadLetter, fold
from ops.dead_letters.redrive import NotRedrivable, Redrive
from schemas.dead_letters import Death, Origin, Redriven, moved
from schemas.identifiers import new_task_id
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import FILINGS, FILINGS_DEAD, FILINGS_PRIORITY, TASKS
from streams.incoming import FilingRecord, decode_filing
from tests.unit.examples import NOON, TASK_ID, a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.streams.worker import an_event

DEATH = Death("unavailable", "The store is away.", "StoreUnavailable", 4)
LATER = NOON + timedelta(hours=1)
ANOTHER = new_task_id()
LANE_PARTITIONS = 12


def dead(
    *,
    offset: int = 5,
    death: Death = DEATH,
    lane: str = FILINGS,
    value: bytes | None = None,
    task_id: str = TASK_ID,
    **labels: str,
) -> FilingRecord:
    """A filing event as the worker sets it aside, in partition 2."""
    event = an_event(a_filing(labels=labels), topic=lane, attempt=4, task_id=task_id)
    headers = moved(event.headers, event.origin, death)
    return FilingRecord(FILINGS_DEAD, 2, offset, NOON, event.key, event.value if value is None else value, headers)


def written_elsewhere(origin: Origin) -> FilingRecord:
    """A letter that no worker set aside: its origin is what its writer says."""
    own = {name for name, _ in origin.headers()}
    return replace(dead(), headers=[*[pair for pair in dead().headers if pair[0] not in own], *origin.headers()])


def marker(offset: int) -> FilingRecord:
    return FilingRecord(FILINGS_DEAD, 2, 99, LATER, b"ACME", None, Redriven(2, offset, "a-task").headers())


def test_a_letter_tells_why_where_and_whose_and_holds_no_document() -> None:
    [letter] = fold([dead()])
    assert (letter.id, letter.death, letter.origin) == ("2-5", DEATH, Origin(FILINGS, 3, 17, NOON))
    assert letter.task is not None
    assert (letter.task.task_id, letter.task.ticker, letter.task.owner) == (TASK_ID, "ACME", "key-1")
    assert letter.record.value is None
    assert letter.size > 0


def test_a_marker_is_no_letter_and_tells_that_its_letter_was_redriven() -> None:
    assert [letter.redriven_as for letter in fold([marker(5), dead(), dead(offset=6, task_id=ANOTHER)])] == [
        "a-task",
        None,
    ]


@pytest.mark.parametrize("redriven", [5, 6])
def test_two_letters_of_a_task_whose_worker_was_killed_at_its_end_are_one(redriven: int) -> None:
    first, second = dead(), replace(dead(offset=6), timestamp=LATER)
    assert [letter.id for letter in fold([second, first])] == ["2-5"]
    [letter] = fold([second, first, marker(redriven)])
    assert letter.redriven_as == "a-task"


def test_the_letters_of_who_used_another_owners_id_are_each_its_own() -> None:
    foreign = Death("foreign_task", "Its id is that of another owner's task.")
    letters = [dead(), dead(offset=6, death=foreign), dead(offset=7, death=foreign)]
    assert [letter.id for letter in fold(letters)] == ["2-5", "2-6", "2-7"]


def test_letters_come_the_oldest_first() -> None:
    newer = replace(dead(offset=4, task_id=ANOTHER), timestamp=LATER)
    assert [letter.id for letter in fold([newer, dead()])] == ["2-5", "2-4"]


def test_what_is_no_filing_event_is_a_letter_without_a_task() -> None:
    [letter] = fold([dead(value=b"\xff")])
    assert letter.task is None


def test_a_record_that_somebody_else_wrote_is_shown() -> None:
    [letter] = fold([FilingRecord(FILINGS_DEAD, 0, 0, NOON, None, b"x", [])])
    assert letter.death.type == "unknown"


@pytest.mark.parametrize(
    "brought",
    [
        Origin(FILINGS, 99999, 1, NOON),
        Origin(FILINGS, -1, 1, NOON),
        Origin("elsewhere", 3, 1, NOON),
        Origin(FILINGS, 3, -1, NOON),
    ],
)
def test_an_origin_that_a_sender_made_up_is_not_kept(brought: Origin) -> None:
    event = an_event()
    assert Origin.of(moved([*event.headers, *brought.headers()], event.origin, DEATH)) == event.origin


def test_the_first_origin_of_all_attempts_is_kept() -> None:
    first = Origin(FILINGS_PRIORITY, 3, 4, NOON)
    assert Origin.of(moved(moved((), first), Origin(FILINGS, 3, 17, LATER), DEATH)) == first


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


async def redrive(kafka: FakePublisher, record: FilingRecord, letter: DeadLetter | None = None) -> str:
    [folded] = fold([record])
    moments = (LATER + timedelta(seconds=passed) for passed in itertools.count())
    return await Redrive(kafka, lambda _partition, _offset: record, lambda: next(moments), LANE_PARTITIONS).redrive(
        letter or folded
    )


@pytest.mark.parametrize("lane", [FILINGS, FILINGS_PRIORITY])
async def test_the_filing_goes_to_the_lane_and_partition_where_it_first_stood_as_a_first_attempt(
    kafka: FakePublisher, lane: str
) -> None:
    task_id = await redrive(kafka, dead(lane=lane))
    [sent] = kafka.on(lane)
    assert (sent.partition, sent.key) == (3, b"ACME")
    event = decode_filing(FilingRecord(lane, 3, 18, LATER, b"ACME", sent.value, sent.headers))
    assert (event.task_id, event.attempt, event.owner, event.redriven_from) == (task_id, 1, "key-1", TASK_ID)
    assert event.submitted_at == LATER
    assert not [name for name, _ in sent.headers if name.startswith(("sigmak-dead", "sigmak-original"))]
    assert len({name for name, _ in sent.headers}) == len(sent.headers)


async def test_the_new_task_can_be_read_by_its_owner_before_it_is_on_its_lane(kafka: FakePublisher) -> None:
    task_id = await redrive(kafka, dead(desk="credit"))
    assert kafka.topics() == [TASKS, FILINGS, FILINGS_DEAD]
    [status] = kafka.on(TASKS)
    assert status.event is not None
    assert status.event.extensions == {"sigmak-owner": "key-1"}
    told = TaskStatus.model_validate_json(status.event.data)
    assert (told.task_id, told.status, told.redriven_from) == (task_id, TaskState.PENDING, TASK_ID)
    assert told.labels == {"desk": "credit"}


async def test_status_and_filing_event_tell_the_same_moment_of_submission(kafka: FakePublisher) -> None:
    await redrive(kafka, dead())
    [status], [sent] = kafka.on(TASKS), kafka.on(FILINGS)
    assert status.event is not None
    submitted_at = TaskStatus.model_validate_json(status.event.data).submitted_at
    assert dict(sent.headers)["ce_time"] == submitted_at.isoformat().encode()
    assert submitted_at == status.event.time == LATER


async def test_who_asked_to_be_told_of_the_task_is_told_of_the_new_one(kafka: FakePublisher) -> None:
    record = dead(value=a_filing(callback_url="https://example.com/hook").model_dump_json().encode())
    await redrive(kafka, record)
    [status] = kafka.on(TASKS)
    assert status.event is not None
    assert TaskStatus.model_validate_json(status.event.data).callback_url == "https://example.com/hook"


async def test_the_marker_stands_in_the_letters_partition_and_names_the_new_task(kafka: FakePublisher) -> None:
    task_id = await redrive(kafka, dead())
    [sent] = kafka.on(FILINGS_DEAD)
    assert sent.partition == 2
    assert Redriven.of(sent.headers) == Redriven(2, 5, task_id)


async def test_a_redrive_that_is_repeated_makes_the_same_task(kafka: FakePublisher) -> None:
    assert await redrive(kafka, dead()) == await redrive(kafka, dead())
    assert await redrive(kafka, dead()) != await redrive(kafka, dead(offset=6))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (dead(value=b"\xff"), "no filing event"),
        (dead(death=replace(DEATH, value_left_behind=True), value=b""), "left behind"),
        (dead(lane="elsewhere"), "no lane"),
        (written_elsewhere(Origin(FILINGS, 99999, 1, NOON)), "partition 99999"),
    ],
)
async def test_what_no_task_can_be_made_of_is_left_alone(kafka: FakePublisher, record: FilingRecord, why: str) -> None:
    with pytest.raises(NotRedrivable, match=why):
        await redrive(kafka, record)
    assert kafka.published == []


async def test_what_was_redriven_is_not_redriven_again(kafka: FakePublisher) -> None:
    record = dead()
    [letter] = fold([marker(5), record])
    with pytest.raises(NotRedrivable, match="already, as task a-task"):
        await redrive(kafka, record, letter)
