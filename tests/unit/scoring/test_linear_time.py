"""The time that a text's sentences take grows no faster than the text, whatever is repeated in it."""

import time

import pytest

from streams.analysis.scoring.text import sentences, words

SMALL = 20_000
"""Characters."""
GROWTH = 4
ALLOWED = 3 * GROWTH
"""Times the small text's time: a quadratic pattern takes 16."""
FLOOR = 0.01
"""Seconds, below which the machine's other work outweighs the text."""


def seconds(text: str) -> float:
    """Of processor time, the best of two."""
    times = []
    for _ in range(2):
        began = time.process_time()
        sentences(text)
        words(text)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    "repeated",
    [".", ";", ".;", ". ", '."', ".)", "'", "a'", "U.S. ", "•", "• a ", " ", "\n", "a. B", "...A ", "[", "A.", "!?"],
)
def test_four_times_the_text_takes_no_more_than_twelve_times_as_long(repeated: str) -> None:
    small, large = (f"We lost{repeated * (size // len(repeated))}x" for size in (SMALL, GROWTH * SMALL))
    assert seconds(large) < ALLOWED * max(seconds(small), FLOOR)
