"""The processor slot: who gets it, and when nobody does."""

import asyncio

import pytest

from streams.gate import ProcessorGate


class Queue:
    """Filings that wait for the slot; each holds it until it is let go."""

    def __init__(self, gate: ProcessorGate) -> None:
        self._gate = gate
        self._let_go: dict[str, asyncio.Event] = {}
        self._filings: dict[str, asyncio.Task[None]] = {}
        self.got_in: list[str] = []

    async def comes(self, name: str, *, priority: bool = False, owner: str | None = None) -> None:
        """A filing asks for the slot."""
        self._let_go[name] = asyncio.Event()
        self._filings[name] = asyncio.create_task(self._hold(name, priority=priority, owner=owner))
        await self.settled()

    async def ends(self, name: str) -> None:
        """A filing lets go of the slot."""
        self._let_go[name].set()
        await self._filings[name]
        await self.settled()

    async def is_cancelled(self, name: str) -> None:
        """A filing is cancelled, whether it waits or holds the slot."""
        self._filings[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._filings[name]
        await self.settled()

    def cancel_without_waiting(self, name: str) -> None:
        """The cancellation is on its way, and not yet there."""
        self._filings[name].cancel()

    @staticmethod
    async def settled() -> None:
        """All that can go on without an event has gone on."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def _hold(self, name: str, *, priority: bool, owner: str | None) -> None:
        async with self._gate.slot(priority=priority, owner=owner):
            self.got_in.append(name)
            await self._let_go[name].wait()


@pytest.fixture
def gate() -> ProcessorGate:
    return ProcessorGate()


@pytest.fixture
def queue(gate: ProcessorGate) -> Queue:
    return Queue(gate)


async def test_one_filing_at_a_time_has_the_slot_in_the_order_of_coming(queue: Queue) -> None:
    for name in ("first", "second", "third"):
        await queue.comes(name)
    assert queue.got_in == ["first"]
    await queue.ends("first")
    assert queue.got_in == ["first", "second"]
    await queue.ends("second")
    assert queue.got_in == ["first", "second", "third"]


async def test_priority_filings_go_before_all_that_wait_and_in_their_own_order(queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("normal")
    await queue.comes("urgent 1", priority=True)
    await queue.comes("urgent 2", priority=True)
    for name in ("in work", "urgent 1", "urgent 2"):
        await queue.ends(name)
    assert queue.got_in == ["in work", "urgent 1", "urgent 2", "normal"]


async def _gets_in(queue: Queue, *names: str) -> None:
    """These get the slot, one after another, when who holds it lets go."""
    for name in names:
        await queue.ends(queue.got_in[-1])
        assert queue.got_in[-1] == name


async def test_of_standard_filings_that_wait_one_is_let_in_after_four_priority_filings_in_a_row(queue: Queue) -> None:
    await queue.comes("in work")
    for number in range(3):
        await queue.comes(f"standard {number}")
    for number in range(10):
        await queue.comes(f"urgent {number}", priority=True)
    await _gets_in(queue, "urgent 0", "urgent 1", "urgent 2", "urgent 3", "standard 0")
    await _gets_in(queue, "urgent 4", "urgent 5", "urgent 6", "urgent 7", "standard 1")
    await _gets_in(queue, "urgent 8", "urgent 9", "standard 2")


async def test_where_no_standard_filing_waits_priority_filings_follow_each_other_without_end(queue: Queue) -> None:
    await queue.comes("in work")
    for number in range(20):
        await queue.comes(f"urgent {number}", priority=True)
    await _gets_in(queue, *(f"urgent {number}" for number in range(20)))


async def test_a_standard_filing_that_comes_late_is_let_in_after_those_four_and_is_no_reserve_for_later(
    queue: Queue,
) -> None:
    await queue.comes("urgent 0", priority=True)
    for number in range(1, 20):
        await queue.comes(f"urgent {number}", priority=True)
    await _gets_in(queue, *(f"urgent {number}" for number in range(1, 10)))
    await queue.comes("standard 0")
    await queue.comes("standard 1")
    await _gets_in(queue, "standard 0", "urgent 10", "urgent 11", "urgent 12", "urgent 13", "standard 1")


async def test_a_lone_partitions_next_filing_that_comes_a_moment_after_its_last_one_keeps_the_fifth(
    queue: Queue,
) -> None:
    await queue.comes("standard 0")
    for number in range(10):
        await queue.comes(f"urgent {number}", priority=True)
    await _gets_in(queue, "urgent 0")
    await queue.comes("standard 1")
    await _gets_in(queue, "urgent 1", "urgent 2", "urgent 3", "standard 1")


async def test_a_standard_filing_that_was_cancelled_is_nobodys_turn(queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("cancelled")
    for number in range(6):
        await queue.comes(f"urgent {number}", priority=True)
    await queue.is_cancelled("cancelled")
    await _gets_in(queue, *(f"urgent {number}" for number in range(6)))


async def test_owners_take_turns_whatever_came_first(queue: Queue) -> None:
    await queue.comes("in work", owner="many")
    for number in range(3):
        await queue.comes(f"many {number}", owner="many")
    for number in range(2):
        await queue.comes(f"few {number}", owner="few")
    await queue.comes("upstream")
    await _gets_in(queue, "few 0", "upstream", "many 0", "few 1", "many 1", "many 2")


async def test_an_owner_whose_filings_come_one_by_one_waits_for_one_of_an_owner_of_many(queue: Queue) -> None:
    for number in range(12):
        await queue.comes(f"many {number}", owner="many")
    await queue.comes("one", owner="few")
    await _gets_in(queue, "one", "many 1")
    await queue.comes("another", owner="few")
    await _gets_in(queue, "another", "many 2", "many 3")


async def test_owners_take_turns_among_priority_filings_too_and_these_stay_before_standard_ones(queue: Queue) -> None:
    await queue.comes("in work", owner="many", priority=True)
    await queue.comes("many", owner="many", priority=True)
    await queue.comes("standard", owner="third")
    await queue.comes("few", owner="few", priority=True)
    await _gets_in(queue, "few", "many", "standard")


async def test_of_owners_without_end_the_gate_remembers_a_thousand(gate: ProcessorGate) -> None:
    for number in range(1100):
        async with gate.slot(priority=False, owner=f"owner-{number}"):
            pass
    assert len(gate._last_turns) == 1000


async def test_a_priority_filing_does_not_push_out_the_one_in_work(queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("urgent", priority=True)
    assert queue.got_in == ["in work"]


async def test_a_closed_gate_lets_nobody_in_until_it_opens(gate: ProcessorGate, queue: Queue) -> None:
    gate.close()
    await queue.comes("normal")
    await queue.comes("urgent", priority=True)
    assert queue.got_in == []
    gate.open()
    await queue.settled()
    assert queue.got_in == ["urgent"]


async def test_a_filing_in_work_goes_on_while_the_gate_is_closed_and_nobody_follows_it(
    gate: ProcessorGate, queue: Queue
) -> None:
    await queue.comes("in work")
    await queue.comes("next")
    gate.close()
    await queue.ends("in work")
    assert queue.got_in == ["in work"]


async def test_opening_an_open_gate_lets_no_second_filing_in(gate: ProcessorGate, queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("next")
    gate.open()
    await queue.settled()
    assert queue.got_in == ["in work"]


async def test_idle_means_that_nobody_has_the_slot(gate: ProcessorGate, queue: Queue) -> None:
    await gate.wait_idle()
    await queue.comes("in work")
    idle = asyncio.create_task(gate.wait_idle())
    await queue.settled()
    assert not idle.done()
    gate.close()
    await queue.ends("in work")
    await idle


async def test_who_is_cancelled_while_waiting_is_passed_over(queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("cancelled")
    await queue.comes("next")
    await queue.is_cancelled("cancelled")
    await queue.ends("in work")
    assert queue.got_in == ["in work", "next"]


async def test_who_is_cancelled_in_work_gives_the_slot_back(queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("next")
    await queue.is_cancelled("in work")
    assert queue.got_in == ["in work", "next"]


async def test_a_slot_that_comes_together_with_a_cancellation_is_handed_on(queue: Queue) -> None:
    await queue.comes("in work")
    await queue.comes("cancelled")
    await queue.comes("next")
    ending = asyncio.create_task(queue.ends("in work"))
    await asyncio.sleep(0)  # the slot is on its way to "cancelled", which has not run yet
    await asyncio.sleep(0)
    queue.cancel_without_waiting("cancelled")
    await ending
    assert queue.got_in == ["in work", "next"]


async def test_a_slot_handed_on_by_a_cancellation_leaves_the_gate_idle_in_the_end(
    gate: ProcessorGate, queue: Queue
) -> None:
    await queue.comes("only")
    await queue.is_cancelled("only")
    await asyncio.wait_for(gate.wait_idle(), 1)
