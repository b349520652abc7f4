"""Submissions with an Idempotency-Key: one task a key, wherever they come and wherever the first of them broke off."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from gateway.idempotency.fingerprints import body_hash
from gateway.idempotency.submissions import KeyedSubmissions, KeyReused, Receipt
from gateway.publisher import FilingPublisher, Offered, OutcomeUnknown
from schemas.filings import FilingSubmitted
from schemas.identifiers import new_task_id
from schemas.topics import CLAIM_LIFE, FILINGS, IDEMPOTENCY, TASKS
from tests.unit.examples import NOON, TRACEPARENT, a_filing
from tests.unit.fake_publisher import FakePublisher, Published
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from transport.publisher import EventTooLarge, KafkaAway

ALL_OF_ONE = [IDEMPOTENCY, TASKS, FILINGS, IDEMPOTENCY]
SURELY_NOT = KafkaAway("Kafka is away", outcome_known=True)
PERHAPS = KafkaAway("Kafka did not acknowledge", outcome_known=False)


class Killed(BaseException):
    """The gateway's process is gone: nothing that would catch a fault runs."""


@dataclass
class BreakingKafka(FakePublisher):
    """Breaks once, at its nth message."""

    breaks_at: int
    fault: BaseException
    stored: bool
    """Whether the message that it breaks at is on the broker all the same."""
    _asked_for: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__init__()

    async def _take(self, message: Published) -> None:
        self._asked_for += 1
        if self._asked_for != self.breaks_at or self.stored:
            await super()._take(message)
        if self._asked_for == self.breaks_at:
            raise self.fault


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


def _gateway(
    kafka: FakePublisher, claims: FakeClaims | None = None, timeout: float = 5, now: datetime = NOON
) -> KeyedSubmissions[Offered]:
    """One gateway's; all on one Kafka share its keys."""
    publisher = FilingPublisher(kafka, timeout)
    return KeyedSubmissions(publisher, claims or FakeClaims(kafka), now=lambda: now, body_hash=_hashed_at_once)


async def _hashed_at_once(offered: Offered) -> str:
    """In a thread, as gateways do it, those that come together would go on in any order."""
    return body_hash(offered)


def _offered(filing: FilingSubmitted | None = None, owner: str = "key-1") -> Offered:
    return Offered(filing or a_filing(), owner, "normal", TRACEPARENT)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while True:
            if condition():
                return
            await asyncio.sleep(0)


def _tasks_on(kafka: FakePublisher) -> set[str]:
    """The ids of all tasks of which a reader or a worker may ever hear."""
    events = [message.event.id for message in kafka.on(FILINGS) if message.event is not None]
    return {*events, *(str(message.key) for message in kafka.on(TASKS))}


# One gateway, nothing broken


async def test_the_claim_goes_first_and_that_it_is_accepted_last(kafka: FakePublisher) -> None:
    receipt = await _gateway(kafka).submit("one", new_task_id(), _offered())
    assert kafka.topics() == ALL_OF_ONE
    assert not receipt.replayed
    assert _tasks_on(kafka) == {receipt.task_id}


async def test_the_topic_of_claims_holds_neither_key_nor_document(kafka: FakePublisher) -> None:
    await _gateway(kafka).submit("the-very-key", new_task_id(), _offered(a_filing(html_content="the very document")))
    told = repr(kafka.on(IDEMPOTENCY))
    assert "the-very-key" not in told
    assert "the very document" not in told
    assert "key-1" not in told


async def test_the_same_key_and_body_are_answered_with_the_same_task_and_put_nothing_on_kafka(
    kafka: FakePublisher,
) -> None:
    gateway = _gateway(kafka)
    first = await gateway.submit("one", new_task_id(), _offered())
    assert await gateway.submit("one", new_task_id(), _offered()) == Receipt(first.task_id, replayed=True)
    assert kafka.topics() == ALL_OF_ONE


async def test_another_body_is_refused_and_leaves_nothing(kafka: FakePublisher) -> None:
    gateway = _gateway(kafka)
    await gateway.submit("one", new_task_id(), _offered())
    with pytest.raises(KeyReused):
        await gateway.submit("one", new_task_id(), _offered(a_filing(filing_year=2023)))
    assert kafka.topics() == ALL_OF_ONE


async def test_a_key_is_accepted_once_its_filing_is_and_for_its_caller_only(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    gateway = _gateway(kafka)
    submission = asyncio.create_task(gateway.submit("one", new_task_id(), _offered()))
    await _until(lambda: FILINGS in kafka.asked)
    assert not gateway.is_accepted("key-1", "one")
    kafka.held[FILINGS].set()
    await submission
    assert gateway.is_accepted("key-1", "one")
    assert not gateway.is_accepted("key-2", "one")
    assert not _gateway(kafka, now=NOON + 2 * CLAIM_LIFE).is_accepted("key-1", "one")


async def test_a_replay_tells_the_task_of_the_same_body_refuses_another_and_puts_nothing_on_kafka(
    kafka: FakePublisher,
) -> None:
    gateway = _gateway(kafka)
    first = await gateway.submit("one", new_task_id(), _offered())
    assert await gateway.replay("one", _offered()) == Receipt(first.task_id, replayed=True)
    with pytest.raises(KeyReused):
        await gateway.replay("one", _offered(a_filing(filing_year=2023)))
    assert kafka.topics() == ALL_OF_ONE


async def test_what_was_to_be_a_replay_and_is_none_any_more_is_not_submitted_without_its_place(
    kafka: FakePublisher,
) -> None:
    await _gateway(kafka).submit("one", new_task_id(), _offered())
    with pytest.raises(KafkaAway):
        await _gateway(kafka, now=NOON + 2 * CLAIM_LIFE).replay("one", _offered())
    broken = BreakingKafka(3, Killed(), stored=True)
    await _answer(_gateway(broken))
    with pytest.raises(KafkaAway):
        await _gateway(broken).replay("one", _offered())
    assert (kafka.topics(), len(broken.on(FILINGS))) == (ALL_OF_ONE, 1)


async def test_another_key_and_another_callers_same_key_are_other_tasks(kafka: FakePublisher) -> None:
    gateway = _gateway(kafka)
    receipts = [
        await gateway.submit("one", new_task_id(), _offered()),
        await gateway.submit("two", new_task_id(), _offered()),
        await gateway.submit("one", new_task_id(), _offered(owner="key-2")),
    ]
    assert len({receipt.task_id for receipt in receipts}) == 3


async def test_after_a_day_a_key_is_as_new(kafka: FakePublisher) -> None:
    first = await _gateway(kafka).submit("one", new_task_id(), _offered())
    later = NOON + CLAIM_LIFE
    replayed = await _gateway(kafka, now=later).submit("one", new_task_id(), _offered())
    assert replayed == Receipt(first.task_id, replayed=True)
    later += timedelta(minutes=2)
    claims = FakeClaims(kafka)
    await claims.catch_up()
    claims.appended_at = later
    anew = await _gateway(kafka, claims, now=later).submit("one", new_task_id(), _offered(a_filing(filing_year=2023)))
    assert anew.task_id != first.task_id


async def test_where_the_gateways_clock_is_ahead_the_claim_that_the_broker_sees_alive_holds(
    kafka: FakePublisher,
) -> None:
    first = await _gateway(kafka).submit("one", new_task_id(), _offered())
    ahead = _gateway(kafka, now=NOON + 2 * CLAIM_LIFE)
    assert (await ahead.submit("one", new_task_id(), _offered())).task_id == first.task_id


async def test_without_kafka_nothing_is_claimed_and_a_submission_fails_at_once(kafka: FakePublisher) -> None:
    kafka.faults[IDEMPOTENCY] = [SURELY_NOT]
    with pytest.raises(KafkaAway):
        await _gateway(kafka).submit("one", new_task_id(), _offered())
    assert kafka.asked == [IDEMPOTENCY]


async def test_while_nobody_can_tell_who_holds_the_key_nothing_is_accepted(kafka: FakePublisher) -> None:
    with pytest.raises(KafkaAway):
        await _gateway(kafka, FakeClaims(kafka, behind=True)).submit("one", new_task_id(), _offered())
    assert kafka.topics() == [IDEMPOTENCY]


@pytest.mark.parametrize("topic", [IDEMPOTENCY, TASKS])
async def test_all_acknowledgements_share_one_deadline(kafka: FakePublisher, topic: str) -> None:
    kafka.held[topic] = asyncio.Event()
    with pytest.raises(KafkaAway):
        await _gateway(kafka, timeout=0.05).submit("one", new_task_id(), _offered())


# Several at once


async def test_those_that_come_at_once_to_one_gateway_are_one(kafka: FakePublisher) -> None:
    gateway = _gateway(kafka)
    receipts = await asyncio.gather(*(gateway.submit("one", new_task_id(), _offered()) for _ in range(50)))
    assert kafka.topics() == ALL_OF_ONE
    assert {receipt.task_id for receipt in receipts} == _tasks_on(kafka)
    assert sum(not receipt.replayed for receipt in receipts) == 1


async def test_those_that_come_at_once_to_two_gateways_are_one_task(kafka: FakePublisher) -> None:
    gateways = [_gateway(kafka, FakeClaims(kafka, lags=True)) for _ in range(2)]
    receipts = await asyncio.gather(*(gateway.submit("one", new_task_id(), _offered()) for gateway in gateways))
    claims = [message for message in kafka.on(IDEMPOTENCY) if message.event and ".claimed" in message.event.id]
    assert len(claims) == 2, "both claimed before they could know of each other"
    assert _tasks_on(kafka) == {receipt.task_id for receipt in receipts}
    assert len(_tasks_on(kafka)) == 1


async def test_what_is_in_hand_at_another_gateway_is_waited_for_and_not_sent_again(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    first = asyncio.create_task(_gateway(kafka).submit("one", new_task_id(), _offered()))
    await _until(lambda: FILINGS in kafka.asked)
    second = asyncio.create_task(_gateway(kafka).submit("one", new_task_id(), _offered()))
    await asyncio.wait([second], timeout=0.1)
    assert not second.done()
    kafka.held[FILINGS].set()
    assert (await second) == Receipt((await first).task_id, replayed=True)
    assert kafka.topics() == ALL_OF_ONE


async def test_another_gateway_waits_a_quarter_of_its_time_and_then_sends_the_same_task(kafka: FakePublisher) -> None:
    held = BreakingKafka(2, Killed(), stored=False)
    with pytest.raises(Killed):
        await _gateway(held).submit("one", new_task_id(), _offered())
    loop = asyncio.get_running_loop()
    began = loop.time()
    await _gateway(held, timeout=0.4).submit("one", new_task_id(), _offered())
    assert loop.time() - began >= 0.1


async def test_who_comes_after_the_holders_time_is_up_does_not_wait(kafka: FakePublisher) -> None:
    held = BreakingKafka(2, Killed(), stored=False)
    with pytest.raises(Killed):
        await _gateway(held).submit("one", new_task_id(), _offered())
    hours = 3600.0
    async with asyncio.timeout(5):
        await _gateway(held, timeout=hours, now=NOON + timedelta(seconds=hours)).submit(
            "one", new_task_id(), _offered()
        )


async def test_another_body_that_comes_meanwhile_is_refused_when_the_first_is_through(kafka: FakePublisher) -> None:
    kafka.held[TASKS] = asyncio.Event()
    gateway = _gateway(kafka)
    first = asyncio.create_task(gateway.submit("one", new_task_id(), _offered()))
    await _until(lambda: TASKS in kafka.asked)
    other = asyncio.create_task(gateway.submit("one", new_task_id(), _offered(a_filing(filing_year=2023))))
    await asyncio.wait([other], timeout=0.1)
    assert not other.done()
    kafka.held[TASKS].set()
    with pytest.raises(KeyReused):
        await other
    assert _tasks_on(kafka) == {(await first).task_id}


async def test_who_shares_a_submission_shares_its_failure(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [PERHAPS]
    gateway = _gateway(kafka)
    answers = await asyncio.gather(
        *(gateway.submit("one", new_task_id(), _offered()) for _ in range(3)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {OutcomeUnknown}
    assert kafka.asked == [IDEMPOTENCY, TASKS, FILINGS]


async def test_a_caller_who_gives_up_does_not_take_the_submission_from_the_others(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    gateway = _gateway(kafka)
    first = asyncio.create_task(gateway.submit("one", new_task_id(), _offered()))
    await _until(lambda: FILINGS in kafka.asked)
    second = asyncio.create_task(gateway.submit("one", new_task_id(), _offered()))
    first.cancel()
    await asyncio.wait([first])
    kafka.held[FILINGS].set()
    assert {(await second).task_id} == _tasks_on(kafka)
    assert kafka.topics() == ALL_OF_ONE


# A first that broke off

_MESSAGES = {"the claim": 1, "PENDING": 2, "the filing event": 3, "that it is accepted": 4}
_BREAKS = {
    "the gateway is killed before": (Killed(), False),
    "the gateway is killed after": (Killed(), True),
    "Kafka is known to be away": (SURELY_NOT, False),
    "no answer, and it is not there": (PERHAPS, False),
    "no answer, and it is there": (PERHAPS, True),
}


async def _answer(gateway: KeyedSubmissions[Offered]) -> Receipt | BaseException:
    try:
        return await gateway.submit("one", new_task_id(), _offered())
    except (Killed, KafkaAway, OutcomeUnknown) as error:
        return error


@pytest.mark.parametrize("lags", [False, True])
@pytest.mark.parametrize("how", _BREAKS)
@pytest.mark.parametrize("message", _MESSAGES)
async def test_wherever_a_first_submission_breaks_off_the_next_completes_it_as_the_same_task(
    message: str, how: str, lags: bool
) -> None:
    fault, stored = _BREAKS[how]
    kafka = BreakingKafka(_MESSAGES[message], fault, stored)
    first = await _answer(_gateway(kafka, timeout=0.2))
    second = await _gateway(kafka, FakeClaims(kafka, lags=lags), timeout=0.2).submit("one", new_task_id(), _offered())
    assert _tasks_on(kafka) == {second.task_id}
    assert not any(told.tombstone for told in kafka.on(TASKS)), "a reader would take the task for one that is gone"
    if isinstance(first, Receipt):
        assert first.task_id == second.task_id
    if isinstance(first, OutcomeUnknown):
        assert first.task_id == second.task_id
    sent = len(kafka.on(FILINGS))
    assert 1 <= sent <= 2
    third = await _gateway(kafka, FakeClaims(kafka, lags=lags), timeout=0.2).submit("one", new_task_id(), _offered())
    assert third == Receipt(second.task_id, replayed=True)
    assert len(kafka.on(FILINGS)) == sent


async def test_a_filing_that_is_sent_again_is_the_same_event_and_the_same_status() -> None:
    kafka = BreakingKafka(3, Killed(), stored=True)
    await _answer(_gateway(kafka))
    await _gateway(kafka, timeout=0.2).submit("one", new_task_id(), _offered())
    for topic in (TASKS, FILINGS):
        first, again = kafka.on(topic)
        assert first == again


async def test_a_filing_that_is_on_its_lane_is_accepted_though_that_could_not_be_told(
    kafka: FakePublisher, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.faults[IDEMPOTENCY] = [None, PERHAPS]
    with caplog.at_level(logging.WARNING):
        receipt = await _gateway(kafka).submit("one", new_task_id(), _offered())
    assert _tasks_on(kafka) == {receipt.task_id}
    assert receipt.task_id in caplog.text


# A filing that can never be accepted


async def test_a_filing_that_is_too_large_leaves_no_task_and_its_key_may_be_used_for_a_smaller_one(
    kafka: FakePublisher,
) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    with pytest.raises(EventTooLarge):
        await _gateway(kafka).submit("one", new_task_id(), _offered())
    await _until(lambda: len(kafka.on(TASKS)) == 2)
    pending, tombstone = kafka.on(TASKS)
    assert tombstone.tombstone
    assert tombstone.key == pending.key
    smaller = await _gateway(kafka, FakeClaims(kafka, lags=True)).submit(
        "one", new_task_id(), _offered(a_filing(html_content="x"))
    )
    assert smaller.task_id != pending.key
    assert not kafka.on(TASKS)[-1].tombstone


async def test_a_gateway_that_has_not_heard_of_a_release_yet_asks_before_it_refuses(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    kafka.held[FILINGS] = asyncio.Event()
    elsewhere = FakeClaims(kafka, lags=True)
    claimed = asyncio.create_task(_gateway(kafka).submit("one", new_task_id(), _offered()))
    await _until(lambda: FILINGS in kafka.asked)
    await elsewhere.catch_up()
    kafka.held[FILINGS].set()
    with pytest.raises(EventTooLarge):
        await claimed
    await _gateway(kafka, elsewhere).submit("one", new_task_id(), _offered(a_filing(html_content="x")))


async def test_a_task_is_not_withdrawn_while_its_key_still_stands_for_it(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    kafka.faults[IDEMPOTENCY] = [None, PERHAPS]
    with pytest.raises(EventTooLarge):
        await _gateway(kafka).submit("one", new_task_id(), _offered())
    await asyncio.sleep(0)
    assert not kafka.on(TASKS)[-1].tombstone
