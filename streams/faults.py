"""Why a filing could not be analysed: for ever, for now, or by a fault of ours."""


class PermanentFault(Exception):
    """The filing can't be analysed, now or later.

    Args:
        type: stable, for machines; becomes `error.type` of the task.
        message: for a person; never document text.
    """

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type

    def __reduce__(self) -> tuple[type["PermanentFault"], tuple[str, str]]:
        """Both arguments: an exception is pickled with its message alone, and could not be made again."""
        return PermanentFault, (self.type, str(self))


class TransientFault(Exception):
    """Something that the analysis needs is away; the same filing may succeed later."""

    type = "unavailable"


class AnalysisDied(Exception):
    """The process of the analysis was killed at a limit, or died; the filing is kept as a dead letter.

    Args:
        type: `analysis_timeout`, `analysis_out_of_memory` or `analysis_crashed`; becomes `error.type` of the task.
        message: for a person.
    """

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


class AnalysisBroke(Exception):
    """The analysis raised an exception that it must not raise, or what is no Exception: a fault of ours.

    Args:
        exception: its type's name. Its text is left out: it may quote the document.
        frames: where it was raised, as `traceback.format_tb` has it.
    """

    def __init__(self, exception: str, frames: str) -> None:
        super().__init__(exception)
        self.exception, self.frames = exception, frames


class WorkerBroken(Exception):
    """The worker can analyse nothing more, through no fault of a filing: it has to end, and others take its filings."""
