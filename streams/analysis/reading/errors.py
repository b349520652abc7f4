"""What stops a reading before it starts: the document is none, or is built to exhaust whoever parses it."""

from typing import Literal

UnreadableType = Literal[
    "empty_document", "not_a_filing", "too_large", "too_many_elements", "too_many_attributes", "too_deeply_nested"
]


class UnreadableDocument(ValueError):
    """The bytes are not a document that can be read; trying again gives the same.

    `type` is for machines and never changes its meaning; `str(error)` is a sentence for a person.
    Neither carries any text of the document.
    """

    def __init__(self, type: UnreadableType, message: str) -> None:
        super().__init__(message)
        self.type: UnreadableType = type

    def __reduce__(self) -> tuple[type["UnreadableDocument"], tuple[UnreadableType, str]]:
        # The reading runs in a pool process; the default would call __init__ with the message alone.
        return UnreadableDocument, (self.type, str(self))
