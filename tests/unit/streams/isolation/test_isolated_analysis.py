"""A filing that hangs, grows or crashes its analysis costs that filing alone: the worker goes on with the next."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.risks import RiskAssessment
from streams.analysis_port import Analysis, AnalysisNotReady
from streams.faults import AnalysisBroke, AnalysisDied, PermanentFault, TransientFault, WorkerBroken
from streams.isolation.analysis_process import resident_bytes
from streams.isolation.isolated_analysis import IsolatedAnalysis, LetGo
from streams.stores.protocol import StoreUnavailable
from tests.unit.examples import a_filing
from tests.unit.streams.isolation.analyses import MIB, QUOTED, RESULT, Doing
from tests.waiting import eventually

SECONDS = 1.0
MEMORY = 500 * MIB
"""Beside what the tests' own process has, of which the analysis process is a copy."""
Make = Callable[..., IsolatedAnalysis]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[IsolatedAnalysis] = []

    def analysis(load: Callable[[], Analysis] = lambda: Doing(tmp_path), seconds: float = SECONDS) -> IsolatedAnalysis:
        made.append(
            IsolatedAnalysis(
                load, preload=lambda: None, seconds=seconds, memory_bytes=resident_bytes(os.getpid()) + MEMORY
            )
        )
        return made[-1]

    yield analysis
    for each in made:
        each.close()


@pytest.fixture
def isolated(make: Make) -> IsolatedAnalysis:
    return make()


def _analysed(
    isolated: IsolatedAnalysis, content: str = "a filing", report: Callable[[int], None] = lambda _: None
) -> int:
    """The pid of the process that analysed it."""
    result = isolated(a_filing(html_content=content), report)
    assert isinstance(result, RiskAssessment)
    return int(result.title)


def _killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{pid}").exists(), within=10, what="the process is gone")


def test_the_result_is_the_analysiss_and_comes_from_another_process(isolated: IsolatedAnalysis) -> None:
    result = isolated(a_filing(), lambda _step: None)
    assert isinstance(result, RiskAssessment)
    assert int(result.title) != os.getpid()
    assert result.model_copy(update={"title": RESULT.title}) == RESULT


def test_one_process_analyses_one_filing_after_another_and_loads_the_analysis_once(make: Make, tmp_path: Path) -> None:
    def load() -> Analysis:
        with (tmp_path / "loads").open("a") as loads:
            loads.write("loaded\n")
        return Doing(tmp_path)

    isolated = make(load)
    isolated.start()
    assert len({_analysed(isolated) for _ in range(3)}) == 1
    assert (tmp_path / "loads").read_text() == "loaded\n"


def test_steps_are_reported_in_their_order(isolated: IsolatedAnalysis) -> None:
    steps: list[int] = []
    _analysed(isolated, report=steps.append)
    assert steps == [1, 2]


def test_the_faults_that_an_analysis_may_raise_are_raised(isolated: IsolatedAnalysis) -> None:
    with pytest.raises(PermanentFault, match="It is not a filing") as refused:
        _analysed(isolated, "refuse")
    assert refused.value.type == "not_a_filing"
    with pytest.raises(StoreUnavailable, match="The store is away"):
        _analysed(isolated, "lack the store")


@pytest.mark.parametrize(("content", "exception"), [("break", "KeyError"), ("panic", "Panic")])
def test_any_other_exception_is_told_by_its_type_and_place_without_its_text(
    isolated: IsolatedAnalysis, content: str, exception: str
) -> None:
    with pytest.raises(AnalysisBroke) as broke:
        _analysed(isolated, content)
    assert broke.value.exception == exception
    assert "analyses.py" in broke.value.frames
    assert QUOTED not in broke.value.frames + str(broke.value)


@pytest.mark.parametrize("content", ["refuse", "break", "panic"])
def test_a_process_whose_analysis_raised_takes_the_next_filing(isolated: IsolatedAnalysis, content: str) -> None:
    before = _analysed(isolated)
    with pytest.raises((PermanentFault, AnalysisBroke)):
        _analysed(isolated, content)
    assert _analysed(isolated) == before


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        ("hang", "analysis_timeout"),
        ("grow", "analysis_out_of_memory"),
        ("ask for too much", "analysis_out_of_memory"),
        ("be killed", "analysis_out_of_memory"),
        ("crash", "analysis_crashed"),
    ],
)
def test_an_analysis_that_hangs_grows_or_crashes_ends_with_a_type_and_the_next_has_a_process_of_its_own(
    make: Make, content: str, type_: str
) -> None:
    # On a busy machine it takes a while to fill the memory.
    isolated = make(seconds=SECONDS if content == "hang" else 60 * SECONDS)
    before = _analysed(isolated)
    with pytest.raises(AnalysisDied) as died:
        _analysed(isolated, content)
    assert died.value.type == type_
    assert _analysed(isolated) != before


def test_a_hanging_analysis_is_stopped_within_twice_its_limit(make: Make) -> None:
    seconds = 4 * SECONDS
    isolated = make(seconds=seconds)
    isolated.start()
    began = time.monotonic()
    with pytest.raises(AnalysisDied):
        _analysed(isolated, "hang")
    assert seconds <= time.monotonic() - began < 2 * seconds


def test_the_time_that_the_worker_takes_to_permit_a_step_is_not_the_analysiss(make: Make) -> None:
    isolated = make(seconds=0.3)
    isolated.start()
    waited = threading.Event()
    _analysed(isolated, report=lambda _step: waited.wait(0.4) and None)


def test_what_refuses_a_step_ends_the_analysis_there_and_is_raised(isolated: IsolatedAnalysis, tmp_path: Path) -> None:
    before = _analysed(isolated)
    (tmp_path / "stored").unlink()

    def refuse(step: int) -> None:
        if step == 2:
            raise LookupError("the task is cancelled")

    with pytest.raises(LookupError, match="the task is cancelled"):
        _analysed(isolated, report=refuse)
    assert not (tmp_path / "stored").exists()
    assert _analysed(isolated) == before


def test_an_abandoned_analysis_is_killed_and_the_next_filing_is_analysed(
    isolated: IsolatedAnalysis, tmp_path: Path
) -> None:
    before = _analysed(isolated)
    raised: list[BaseException] = []

    def analyse() -> None:
        with pytest.raises(LetGo) as let_go:
            _analysed(isolated, "wait")
        raised.append(let_go.value)

    thread = threading.Thread(target=analyse)
    thread.start()
    eventually((tmp_path / "waits").exists, within=10, what="the analysis is in work")
    isolated.abandon()
    thread.join(10)
    assert raised
    assert _analysed(isolated) != before


def test_abandoning_nothing_leaves_the_process_alone(isolated: IsolatedAnalysis) -> None:
    before = _analysed(isolated)
    isolated.abandon()
    assert _analysed(isolated) == before


def test_a_process_that_died_idle_costs_no_filing(isolated: IsolatedAnalysis) -> None:
    pid = _analysed(isolated)
    _killed(pid)
    assert _analysed(isolated) != pid


def test_an_analysis_that_cannot_be_loaded_is_told_at_the_start(make: Make) -> None:
    def load() -> Analysis:
        raise AnalysisNotReady("there is no such model")

    with pytest.raises(AnalysisNotReady, match="there is no such model"):
        make(load).start()


@pytest.mark.parametrize(("transient", "raised"), [(True, TransientFault), (False, WorkerBroken)])
def test_a_successor_that_cannot_load_the_analysis_costs_the_filing_an_attempt_or_the_worker_its_life(
    make: Make, tmp_path: Path, transient: bool, raised: type[Exception]
) -> None:
    def load() -> Analysis:
        if (tmp_path / "stored").exists():
            raise AnalysisNotReady("the store is away", transient=transient)
        return Doing(tmp_path)

    isolated = make(load)
    _killed(_analysed(isolated))
    with pytest.raises(raised, match="can't be loaded" if transient else "the store is away"):
        _analysed(isolated)
    (tmp_path / "stored").unlink()
    assert _analysed(isolated)


def test_without_the_process_that_forks_the_worker_can_analyse_nothing_more(isolated: IsolatedAnalysis) -> None:
    pid = _analysed(isolated)
    status = Path(f"/proc/{pid}/status").read_text()
    warm = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
    os.kill(warm, signal.SIGKILL)
    os.waitpid(warm, 0)
    with pytest.raises((WorkerBroken, AnalysisDied)):
        _analysed(isolated)


def test_ctrl_c_and_a_supervisors_sigterm_leave_the_analysis_to_the_worker(isolated: IsolatedAnalysis) -> None:
    pid = _analysed(isolated)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert _analysed(isolated) == pid
