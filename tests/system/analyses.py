"""Analyses to put behind the real agents (`SIGMAK_ANALYSIS`): empty, held up, killing, failing.

Each notes its start in a file named after the filing's content, so that a test can count executions.
"""

import math
import os
import signal
import time
from pathlib import Path

from schemas.filings import FilingSubmitted
from schemas.risks import RiskAssessment, RiskTotals, ScoringModel
from schemas.tasks import STORING
from streams.analysis_port import Report
from streams.faults import PermanentFault, TransientFault

_SLEEPS = {"nap": 0.05, "doze": 0.2}
_STEP = 0.01
_MODEL = ScoringModel(analysis_version="test", embedding_model="none", classification_method="none")
_FOLDER = Path(os.environ.get("TEST_ANALYSIS_FOLDER", "."))
_PACE_SECONDS = 1.0


class Panic(BaseException):
    """What a panic in a library's Rust is in Python: no Exception."""


def empty(filing: FilingSubmitted, report: Report) -> RiskAssessment:
    """All five steps in no time, and no risks."""
    for step in range(1, 6):
        report(step)
    return RiskAssessment(
        ticker=filing.ticker,
        filing_year=filing.filing_year,
        form="10-K",
        status="found",
        title="Item 1A",
        chars=0,
        compared_with=(),
        totals=RiskTotals(risk_factors=0, shown=0),
        risks=(),
        model=_MODEL,
    )


def cancellable(filing: FilingSubmitted, report: Report) -> RiskAssessment:
    """As the empty one; a filing with the label sent-by:mistake is worked on until it is cancelled."""
    while filing.labels == {"sent-by": "mistake"}:
        report(1)
        time.sleep(_SLEEPS["nap"])
    return empty(filing, report)


def plodding(filing: FilingSubmitted, report: Report) -> RiskAssessment:
    """As the empty one, in 50 ms."""
    time.sleep(_SLEEPS["nap"])
    return empty(filing, report)


def scripted(filing: FilingSubmitted, report: Report) -> RiskAssessment:
    """Does what the content says.

    `kill-…` (the worker), `hang-…` (with the interpreter's lock), `grow-…` (until it is stopped), `crash-…` (its process),
    `hold-…` (until a file `….go` is there), `steps-…` (10 ms each, and notes when it has stored), `nap-…` (50 ms),
    `doze-…` (0.2 s), `paced-group-…` (1 s, or until a file `paced-group.go` is there), `permanent-…`, `broken-…`,
    `panic-…`, `transient-…`, `second-…` (transient at its first start), `recovering-…` (transient until a file `….go` is there).
    """
    name = filing.html_content or ""
    with (_FOLDER / f"{name}.began").open("a") as began:
        began.write(f"{_worker()} {time.time()}\n")
    report(1)
    kind = name.partition("-")[0]
    match kind:
        case "kill" | "hang" | "grow" | "crash":
            _MISDEEDS[kind]()
        case "hold":
            _wait_for(f"{name}.go")
        case "steps":
            return _stepping(filing, report, _FOLDER / f"{name}.stored")
        case "paced":
            _wait_for(f"{name.rpartition('-')[0]}.go", at_most=_PACE_SECONDS)
        case "nap" | "doze":
            time.sleep(_SLEEPS[kind])
        case "permanent":
            raise PermanentFault("not_a_filing", "It is not a filing.")
        case "transient" | "second" | "recovering" if _away(kind, name):
            raise TransientFault("The store is away.")
        case "broken":
            raise RuntimeError(f"a fault that quotes {name}")
        case "panic":
            raise Panic(f"a panic that quotes {name}")
    return empty(filing, report)


def _kill_the_worker() -> None:
    os.kill(_worker(), signal.SIGKILL)
    _hang()


def _hang() -> None:
    while True:
        pass


def _grow() -> None:
    held = []
    while True:
        held.append(bytearray(b"x" * 8 * 1024 * 1024))


_MISDEEDS = {"kill": _kill_the_worker, "hang": _hang, "grow": _grow, "crash": os.abort}


def _worker() -> int:
    """The worker's pid: its child is the warm process, and that one's is this."""
    status = Path(f"/proc/{os.getppid()}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def _away(kind: str, name: str) -> bool:
    match kind:
        case "second":
            return len((_FOLDER / f"{name}.began").read_text().splitlines()) == 1
        case "recovering":
            return not (_FOLDER / f"{name}.go").exists()
    return True


def _stepping(filing: FilingSubmitted, report: Report, stored: Path) -> RiskAssessment:
    def storing(step: int) -> None:
        report(step)
        if step == STORING:
            with stored.open("a") as file:
                file.write("stored\n")
        time.sleep(_STEP)

    return empty(filing, storing)


def _wait_for(file: str, *, at_most: float = math.inf) -> None:
    until = time.monotonic() + at_most
    while not (_FOLDER / file).exists() and time.monotonic() < until:
        time.sleep(0.02)
