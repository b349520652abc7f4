import re
import string
import sys

import pytest

from streams.analysis.scoring.text import folded, sentences, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One ends. Two begins.", ["One ends.", "Two begins."]),
        ("Sales in the U.S. Virgin Islands fell.", ["Sales in the U.S. Virgin Islands fell."]),
        ("Acme Inc. sued Bolt Corp. It lost.", ["Acme Inc. sued Bolt Corp. It lost."]),
        ("We paid $4.9 billion. That hurt.", ["We paid $4.9 billion.", "That hurt."]),
        ("Is it safe? “No!” they said.", ["Is it safe?", "“No!”", "they said."]),
        ("Risks include: fire; theft.", ["Risks include: fire; theft."]),
        ("We face • fire • theft", ["We face", "fire", "theft"]),
        ("see section 4. and below", ["see section 4. and below"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_words_are_lower_case_and_keep_apostrophes() -> None:
    assert words("The Company’s DON'T-list, 2024") == ["the", "company’s", "don't", "list", "2024"]


CASED = "".join(letter for letter in map(chr, range(sys.maxunicode + 1)) if letter.swapcase() != letter)
"""All of Unicode that lower case can change."""


def test_a_folded_text_has_each_character_in_its_place() -> None:
    assert folded("Ihre İſſuance – OUR ﬁnes, Kelvin’s TABLE") == "ihre issuance – our ﬁnes, kelvin’s table"
    assert len(folded(CASED)) == len(CASED)


@pytest.mark.parametrize("letter", string.ascii_lowercase)
def test_folding_ignores_case_as_regular_expressions_do(letter: str) -> None:
    found = re.finditer(letter, CASED, re.IGNORECASE)
    assert [match.start() for match in found] == [match.start() for match in re.finditer(letter, folded(CASED))]
