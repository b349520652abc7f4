"""What each part of a severity says: a value, its evidence, and a phrase for the explanation."""

from typing import NamedTuple

EVIDENCE_CHARS = 240
"""A longer quotation is cut: evidence is to be found in the text, not to replace it."""

SHORT = 140
"""Characters of a quotation within an explanation."""


class Part(NamedTuple):
    """One part of a severity."""

    value: float
    """0 to 1."""
    evidence: tuple[str, ...]
    said: str
    """For the explanation; empty if there is nothing to say."""


def quote(sentence: str, longest: int = EVIDENCE_CHARS, around: str = "") -> str:
    """A sentence as evidence: whole, or at most `longest` characters of it that show the words `around`."""
    if len(sentence) <= longest:
        return sentence
    middle = max(sentence.find(around), 0) + len(around) // 2
    longest -= 2  # for the marks of what was left out
    start = min(max(middle - longest // 2, 0), len(sentence) - longest)
    shown = sentence[start : start + longest]
    if start:
        shown = "…" + (shown.partition(" ")[2] or shown)  # whole words, where there are any
    if start + longest < len(sentence):
        shown = (shown.rpartition(" ")[0] or shown) + "…"
    return shown
