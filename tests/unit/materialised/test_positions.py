"""Who waits for a topic's rows goes on as soon as they are far enough, and leaves nothing when it gives up."""

import asyncio

import pytest

from gateway.materialised.positions import Positions


@pytest.fixture
def positions() -> Positions:
    made = Positions()
    made.move({0: 5, 1: 5})
    return made


async def _waits(positions: Positions, ends: dict[int, int]) -> "asyncio.Task[None]":
    waiting = asyncio.create_task(positions.reach(ends))
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def test_who_asks_for_what_is_there_does_not_wait(positions: Positions) -> None:
    async with asyncio.timeout(10):
        await positions.reach({0: 5, 1: 4})


async def test_who_waits_goes_on_when_all_partitions_are_far_enough(positions: Positions) -> None:
    waiting = await _waits(positions, {0: 6, 1: 6})
    positions.move({0: 6, 1: 5})
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.to_thread(positions.move, {0: 7, 1: 6})
    async with asyncio.timeout(10):
        await waiting


async def test_nothing_is_kept_of_who_gave_up_though_nothing_moves(positions: Positions) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await positions.reach({0: 6})
    cancelled = await _waits(positions, {0: 6})
    cancelled.cancel()
    await asyncio.wait([cancelled])
    assert positions._waiting == {}


async def test_nothing_is_kept_of_who_got_there(positions: Positions) -> None:
    waiting = await _waits(positions, {0: 6})
    # Also where it moves once more before who waits has heard of it.
    positions.move({0: 6})
    positions.move({0: 7})
    async with asyncio.timeout(10):
        await waiting
    assert positions._waiting == {}


async def test_who_gives_up_as_it_is_told_harms_nobody(positions: Positions) -> None:
    waiting, other = await _waits(positions, {0: 6}), await _waits(positions, {0: 6})
    positions.move({0: 6})
    waiting.cancel()
    async with asyncio.timeout(10):
        await other
