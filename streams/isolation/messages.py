"""What the worker and its analysis process send each other, pickled, over one socket pair.

The worker sends a `FilingSubmitted`, the child answers with a `Step` as each step begins, and ends with one of the
other answers. The worker answers each `Step` with a `Permission`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from streams.analysis_port import Result
from streams.faults import PermanentFault, TransientFault


class Permission(Enum):
    """Whether the step may begin."""

    GO_ON = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Ready:
    """The analysis is loaded: the child takes filings."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """The analysis could not be loaded, and the child ends."""

    reason: str
    """For a person: what is missing, and what to do."""
    transient: bool
    """Whether something was away that may come back, as the vector store."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step is about to begin; the child waits for the permission."""

    number: int
    """1 to 5."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The analysis of the filing is done."""

    result: Result


@dataclass(frozen=True, slots=True)
class Faulted:
    """The analysis raised one of the faults that it may raise."""

    fault: PermanentFault | TransientFault


@dataclass(frozen=True, slots=True)
class Broke:
    """The analysis raised anything else: a fault of ours."""

    exception: str
    """The type's name. Its text stays in the child: it may quote the document."""
    frames: str
    """Where it was raised, as `traceback` formats it, without the text."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The analysis ended at a step that it was not permitted to begin."""


Answer = Ready | NotReady | Step | Finished | Faulted | Broke | Stopped
