"""Why a filing could not be analysed: for ever, or for now."""


class PermanentFault(Exception):
    """The filing can't be analysed, now or later.

    Args:
        type: stable, for machines; becomes `error.type` of the task.
        message: for a person; never document text.
    """

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


class TransientFault(Exception):
    """Something that the analysis needs is away; the same filing may succeed later."""

    type = "unavailable"
