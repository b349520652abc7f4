"""Who waits for changes of a subject is told of each, from another thread, and the newest where it is slow."""

import asyncio

from gateway.materialised.subscriptions import Signal, Subscriptions


async def _told(subscriptions: Subscriptions[int], *news: tuple[str, int]) -> None:
    await asyncio.to_thread(subscriptions.tell, news)


async def test_news_come_in_order_to_every_listener_of_their_subject_and_to_no_other() -> None:
    subscriptions: Subscriptions[int] = Subscriptions()
    with subscriptions.of("a") as first, subscriptions.of("a") as second, subscriptions.of("b") as other:
        await _told(subscriptions, ("a", 1), ("b", 2), ("c", 3), ("a", 4))
        assert [await first.next(), await first.next()] == [1, 4]
        assert [await second.next(), await second.next()] == [1, 4]
        assert await other.next() == 2


async def test_a_listener_waits_until_something_happens() -> None:
    subscriptions: Subscriptions[int] = Subscriptions()
    with subscriptions.of("a") as listener:
        waiting = asyncio.create_task(listener.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        await _told(subscriptions, ("a", 1))
        assert await waiting == 1


async def test_a_slow_listener_loses_the_oldest_news_and_keeps_the_newest() -> None:
    subscriptions: Subscriptions[int] = Subscriptions()
    with subscriptions.of("a") as listener:
        await _told(subscriptions, *(("a", number) for number in range(1000)))
        await _told(subscriptions, ("a", 1000))
        heard = []
        while not heard or heard[-1] != 1000:
            heard.append(await listener.next())
        assert len(heard) < 100
        assert heard == sorted(heard)


async def test_who_has_left_is_told_nothing_and_disturbs_nobody() -> None:
    subscriptions: Subscriptions[int] = Subscriptions()
    with subscriptions.of("a") as stays:
        with subscriptions.of("a"):
            pass
        await _told(subscriptions, ("a", 1))
        assert await stays.next() == 1
    await _told(subscriptions, ("a", 2))


async def test_one_listener_may_be_told_of_many_subjects_and_hears_that_something_happened_once() -> None:
    subscriptions: Subscriptions[int] = Subscriptions()
    signal = Signal()
    with subscriptions.join(signal, ["a", "b"]):
        await _told(subscriptions, *((subject, number) for subject in "abc" for number in range(100)))
        assert await signal.next()
        waiting = asyncio.create_task(signal.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        await _told(subscriptions, ("b", 1))
        assert await waiting
    assert not any(map(subscriptions.listened_to, "abc"))


async def test_a_signal_that_follows_nothing_any_more_says_so_however_often_it_is_asked() -> None:
    subscriptions: Subscriptions[int] = Subscriptions()
    before, after = Signal(), Signal()
    with subscriptions.join(before, ["a"]):
        subscriptions.end()
        assert [await before.next(), await before.next()] == [False, False]
    with subscriptions.join(after, ["a"]):
        assert not await after.next()
