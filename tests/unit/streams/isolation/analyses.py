"""What the tests run in the analysis process: a filing's content says what its analysis does."""

import faulthandler
import os
import signal
from collections.abc import Callable
from pathlib import Path

from schemas.filings import FilingSubmitted
from streams.analysis_port import Report, Result
from streams.faults import PermanentFault
from streams.stores.protocol import StoreUnavailable
from tests.system.analyses import Panic
from tests.unit.examples import a_risk, an_assessment
from tests.waiting import eventually

MIB = 1024 * 1024
RESULT = an_assessment(a_risk())
QUOTED = "words of the document"


class Doing:
    """An analysis that does as the filing's content says, and whose result tells the pid of its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, filing: FilingSubmitted, report: Report) -> Result:
        """Report two steps around what is to be done."""
        report(1)
        if filing.html_content == "wait":
            (self._folder / "waits").touch()
            eventually((self._folder / "go on").exists, within=30, what="leave to go on")
        else:
            _DEEDS.get(filing.html_content or "", _nothing)()
        report(2)
        (self._folder / "stored").touch()
        return RESULT.model_copy(update={"title": str(os.getpid())})


def _nothing() -> None: ...


def _hang() -> None:
    os.nice(19)  # other tests have deadlines
    while True:  # with the interpreter's lock in hand, as a pattern that does not end has it
        pass


def _grow() -> None:
    os.nice(19)
    held = []
    while True:
        held.append(bytearray(b"x" * 8 * MIB))


def _crash() -> None:
    faulthandler.disable()  # pytest's, which would print where it was
    os.kill(os.getpid(), signal.SIGSEGV)


def _raise(error: BaseException) -> None:
    raise error


_DEEDS: dict[str, Callable[[], object]] = {
    "hang": _hang,
    "grow": _grow,
    "ask for too much": lambda: bytearray(1 << 42),
    "crash": _crash,
    "be killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "refuse": lambda: _raise(PermanentFault("not_a_filing", "It is not a filing.")),
    "lack the store": lambda: _raise(StoreUnavailable("The store is away.")),
    "break": lambda: _raise(KeyError(QUOTED)),
    "panic": lambda: _raise(Panic(QUOTED)),
}
