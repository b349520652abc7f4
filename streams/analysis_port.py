"""What the agents ask of an analysis, and how another one is put in the real one's place."""

import importlib
from collections.abc import Callable
from typing import Protocol

from schemas.filings import FilingSubmitted
from schemas.risks import IndexSummary, RiskAssessment

Report = Callable[[int], None]
"""Called with the number of each step, from 1, as it begins."""

Result = RiskAssessment | IndexSummary


class AnalysisNotReady(Exception):
    """The analysis can't be had with these settings; the text says why and what to do.

    Args:
        transient: whether something is away that may come back, as the vector store.
    """

    def __init__(self, reason: str, *, transient: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient


class Analysis(Protocol):
    """Reads one filing at a time."""

    def __call__(self, filing: FilingSubmitted, report: Report, /) -> Result:
        """The filing's result.

        Raises:
            PermanentFault, TransientFault: anything else counts as a fault of ours.
        """


def load_analysis(path: str) -> Analysis:
    """The function at `module:function`.

    Raises:
        ValueError: where there is none.
    """
    module_name, _, function_name = path.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"SIGMAK_ANALYSIS: there is no {path}: {error}") from error
    if not callable(function):
        raise ValueError(f"SIGMAK_ANALYSIS: {path} is no function")  # noqa: TRY004, a setting is at fault
    analysis: Analysis = function
    return analysis
