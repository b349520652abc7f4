"""What a worker does with an event under the id of another owner's task: readers and workers must not be tricked by it."""

import pytest

from schemas.topics import RISKS
from tests.unit.examples import TASK_ID
from tests.unit.streams.worker import OWNER, Kafka, Worker, an_event, remembered


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.mark.parametrize("attempt", [1, 4])
@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("stranger", [None, "key-2"])
async def test_an_event_under_the_id_of_a_keys_task_is_a_dead_letter_and_changes_nothing(
    kafka: Kafka, stranger: str | None, ended: bool, attempt: int
) -> None:
    kafka.table[TASK_ID] = known = remembered(ended=ended)
    worker = Worker(kafka)
    await worker.process(an_event(owner=stranger, attempt=attempt))
    assert kafka.journal == ["dead letter", "offset"]
    assert dict(kafka.dead_letters()[0].headers)["sigmak-dead-type"] == b"foreign_task"
    assert kafka.table[TASK_ID] == known
    assert (worker.executions, worker.counted("dead_lettered", reason="foreign_task")) == (0, 1)


async def test_a_keys_filing_is_worked_on_although_an_upstreams_event_came_before_it_under_its_id(kafka: Kafka) -> None:
    await Worker(kafka).process(an_event(owner=None))
    await Worker(kafka).process(an_event())
    await Worker(kafka).process(an_event(owner=None))
    assert [status.event.extensions.get("sigmak-owner") for status in kafka.topics.on(RISKS) if status.event] == [
        None,
        OWNER,
    ]
    assert kafka.table[TASK_ID] == remembered(ended=True)
    assert len(kafka.dead_letters()) == 1


async def test_an_upstreams_own_filing_is_remembered_like_a_keys(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.process(an_event(owner=None))
    await worker.process(an_event(owner=None))
    assert (worker.executions, worker.counted("skipped"), kafka.dead_letters()) == (1, 1, [])
