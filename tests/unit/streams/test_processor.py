"""The analysis runs in a thread of its own, and can be let go of."""

import asyncio
import concurrent.futures
import gc
import logging
import threading
import traceback

import pytest

from schemas.filings import FilingSubmitted
from streams.analysis_port import Report, Result
from streams.processor import Abandoned, AnalysisBroke, Processor
from tests.system.analyses import Panic
from tests.unit.examples import a_filing, an_assessment

RESULT = an_assessment()
QUOTED = "words of the document"


class Held:
    """An analysis that reports step 1, waits to be let go of, and does the rest."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.began, self.let_go, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.starts = 0
        self._fault = fault

    def __call__(self, _filing: FilingSubmitted, report: Report) -> Result:
        self.starts += 1
        report(1)
        self.began.set()
        assert self.let_go.wait(10)
        report(2)
        self.ended.set()
        if self._fault is not None:
            raise self._fault
        return RESULT


async def _began(analysis: Held) -> None:
    assert await asyncio.to_thread(analysis.began.wait, 10)


async def test_the_result_is_the_analysiss() -> None:
    assert await Processor(lambda _filing, _report: RESULT).run(a_filing(), lambda _step: None) == RESULT


async def test_what_the_analysis_raises_is_raised() -> None:
    def failing(_filing: FilingSubmitted, _report: Report) -> Result:
        raise KeyError("a fault")

    with pytest.raises(KeyError, match="a fault"):
        await Processor(failing).run(a_filing(), lambda _step: None)


@pytest.mark.parametrize("broke", [SystemExit, concurrent.futures.CancelledError, Panic])
async def test_what_is_no_exception_is_raised_as_one_without_its_text(broke: type[BaseException]) -> None:
    def breaking(_filing: FilingSubmitted, _report: Report) -> Result:
        raise broke(QUOTED)

    with pytest.raises(AnalysisBroke) as raised:
        await Processor(breaking).run(a_filing(), lambda _step: None)
    assert str(raised.value) == broke.__name__
    assert "breaking" in "".join(traceback.format_tb(raised.value.__traceback__))
    assert QUOTED not in "".join(traceback.format_exception(raised.value))


async def test_every_step_is_reported_in_its_order_and_before_the_result() -> None:
    reported: list[int] = []

    def five_steps(_filing: FilingSubmitted, report: Report) -> Result:
        for step in range(1, 6):
            report(step)
        return RESULT

    processor = Processor(five_steps)
    for _ in range(200):
        reported.clear()
        await processor.run(a_filing(), reported.append)
        assert reported == [1, 2, 3, 4, 5]


async def test_steps_are_reported_on_the_event_loop_which_stays_free_meanwhile() -> None:
    threads: list[int] = []
    analysis = Held()
    running = asyncio.create_task(
        Processor(analysis).run(a_filing(), lambda _step: threads.append(threading.get_ident()))
    )
    await _began(analysis)
    analysis.let_go.set()
    await running
    assert threads == [threading.get_ident()] * 2


async def test_one_filing_runs_at_a_time_though_two_are_asked_for() -> None:
    analysis = Held()
    processor = Processor(analysis)
    both = [asyncio.create_task(processor.run(a_filing(), lambda _step: None)) for _ in range(2)]
    await _began(analysis)
    assert analysis.starts == 1
    analysis.let_go.set()
    await asyncio.gather(*both)
    assert analysis.starts == 2


async def test_an_abandoned_filing_is_let_go_of_at_once_and_says_nothing_more() -> None:
    reported: list[int] = []
    analysis = Held()
    processor = Processor(analysis)
    running = asyncio.create_task(processor.run(a_filing(), reported.append))
    await _began(analysis)
    processor.abandon()
    with pytest.raises(Abandoned):
        await running
    analysis.let_go.set()
    assert await asyncio.to_thread(analysis.ended.wait, 10)
    await asyncio.sleep(0)
    assert reported == [1]


async def test_a_result_that_is_there_counts_though_the_filing_is_abandoned_in_the_same_moment() -> None:
    analysis = Held()
    processor = Processor(analysis)
    running = asyncio.create_task(processor.run(a_filing(), lambda _step: None))
    await _began(analysis)
    analysis.let_go.set()
    assert analysis.ended.wait(10)  # blocks the loop, so that both happen before it goes on
    processor._executor.submit(lambda: None).result(10)
    processor.abandon()
    assert await running == RESULT


async def test_after_a_rebalance_the_processor_takes_filings_again() -> None:
    analysis = Held()
    processor = Processor(analysis)
    running = asyncio.create_task(processor.run(a_filing(), lambda _step: None))
    await _began(analysis)
    processor.abandon()
    with pytest.raises(Abandoned):
        await running
    processor.resume()
    analysis.let_go.set()
    assert await processor.run(a_filing(), lambda _step: None) == RESULT


async def test_what_an_abandoned_filing_raises_later_is_not_logged_since_it_may_quote_the_document(
    caplog: pytest.LogCaptureFixture,
) -> None:
    analysis = Held(fault=RuntimeError("words of the document"))
    processor = Processor(analysis)
    with caplog.at_level(logging.DEBUG):
        running = asyncio.create_task(processor.run(a_filing(), lambda _step: None))
        await _began(analysis)
        processor.abandon()
        with pytest.raises(Abandoned):
            await running
        del running
        analysis.let_go.set()
        await asyncio.wrap_future(processor._executor.submit(lambda: None))
        await asyncio.sleep(0)
        gc.collect()
    assert "words of the document" not in caplog.text
