"""Who gave a `callback_url` is told of a cancelled task's end."""

import json

import pytest

from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from tests.unit.examples import TASK_ID, a_filing
from tests.unit.streams.cancelling.examples import HOOK
from tests.unit.streams.held_analysis import Held, in_work
from tests.unit.streams.worker import OWNER, Crash, Kafka, Worker, a_cancellation, an_event

TOLD = ["cancelled", "CANCELLED", "webhook", "end", "cancellation's offset"]


def _told(kafka: Kafka) -> list[WebhookDelivery]:
    return [WebhookDelivery.model_validate_json(each.event.data) for each in kafka.topics.on(WEBHOOKS) if each.event]


async def test_who_asked_is_told_that_a_waiting_task_was_cancelled_before_its_end_is_remembered(kafka: Kafka) -> None:
    await Worker(kafka).cancel(a_cancellation(callback_url=HOOK))
    assert kafka.journal == TOLD
    [end] = kafka.ends()
    assert end.callback_url == HOOK
    [told] = _told(kafka)
    assert (told.webhook_id, told.url, told.owner) == (f"{TASK_ID}-ended", HOOK, OWNER)
    assert json.loads(told.body)["type"] == "task.cancelled"


@pytest.mark.parametrize("acknowledged", range(len(TOLD)))
async def test_a_crash_after_any_acknowledgement_of_a_cancellation_leaves_nobody_untold(
    kafka: Kafka, acknowledged: int
) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka).cancel(a_cancellation(callback_url=HOOK))
    kafka.crash_after = None
    worker = Worker(kafka)
    await worker.cancel(a_cancellation(callback_url=HOOK))  # delivered again
    await worker.process(an_event(a_filing(callback_url=HOOK)))
    assert {(told.webhook_id, json.loads(told.body)["type"]) for told in _told(kafka)} == {
        (f"{TASK_ID}-ended", "task.cancelled")
    }


async def test_who_asked_is_told_of_a_task_that_was_cancelled_in_work(kafka: Kafka) -> None:
    analysis = Held(step=2)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis, an_event(a_filing(callback_url=HOOK)))
    await worker.cancel(a_cancellation(callback_url=HOOK))
    assert _told(kafka) == []
    analysis.let_go.set()
    await processing
    assert [json.loads(told.body)["type"] for told in _told(kafka)] == ["task.cancelled"]
