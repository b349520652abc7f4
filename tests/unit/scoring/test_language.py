import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.scoring.claims import claim
from streams.analysis.scoring.judgement import harm
from streams.analysis.scoring.language import language
from streams.analysis.scoring.parts import EVIDENCE_CHARS
from streams.analysis.scoring.prose import read

SENTENCES = [
    "A cyberattack has destroyed our archive.",
    "A cyberattack will harm us.",
    "A cyberattack could harm us.",
    "We have not experienced any cyberattack.",
    "Our auditors have expressed substantial doubt about our survival.",
    "Delays may occur.",
    "We make bolts.",
]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("A fire has destroyed our plant.", "happened"),
        ("Fires have in the past disrupted us, and may do so again.", "happened"),
        ("We recorded an impairment.", "happened"),
        ("We are party to a lawsuit.", "happened"),
        ("The plant was lost.", "happened"),
        ("A fire will destroy our plant.", "expected"),
        ("A fire could destroy our plant.", "possible"),
        ("Our plant could have been destroyed by a fire.", "possible"),
        ("If the plant were destroyed, we would suffer losses.", "possible"),
        ("We have not experienced a fire.", "denied"),
        ("To date, losses by fire have been immaterial.", "denied"),
        ("Our plant has limited protection.", "stated"),
        ("Fires harm our plants.", "stated"),
    ],
)
def test_a_sentence_says_how_real_its_harm_is(sentence: str, expected: str) -> None:
    assert claim(sentence) == expected


def test_harm_to_the_companys_life_is_graver_than_a_default_and_that_than_a_delay() -> None:
    assert harm("We may cease operations.") > harm("We may default.") > harm("We may face delays.") > harm("We sail.")


@pytest.mark.parametrize(
    "sentence",
    ["We make bolts in Los Angeles.", "Firewalls keep our refined bolts.", "Our warehouse is warm."],
)
def test_words_that_only_begin_like_harm_are_none(sentence: str) -> None:
    assert harm(sentence) == (0.0, "")


@pytest.mark.parametrize(
    ("graver", "milder"),
    [
        ("A cyberattack has harmed us.", "A cyberattack will harm us."),
        ("A cyberattack will harm us.", "A cyberattack could harm us."),
        ("A cyberattack could harm us.", "We have not experienced any cyberattack."),
        ("We have not experienced any cyberattack.", "We make bolts."),
    ],
)
def test_the_more_real_the_harm_the_higher_the_value(graver: str, milder: str) -> None:
    assert language(read(graver)).value > language(read(milder)).value


def test_one_real_harm_outweighs_many_possible_ones() -> None:
    possible = "We could be subject to cyberattacks. " * 40
    assert language(read("A cyberattack has cost us dearly.")).value > language(read(possible)).value


@given(st.lists(st.sampled_from(SENTENCES), max_size=8), st.sampled_from(SENTENCES))
def test_one_more_sentence_never_lowers_the_value(sentences: list[str], added: str) -> None:
    before = language(read(" ".join(sentences))).value
    after = language(read(" ".join([*sentences, added]))).value
    assert after >= before


def test_harm_in_phrases_that_many_companies_share_weighs_less() -> None:
    shared = "This could have a material adverse effect on our business, financial condition and results of operations."
    own = "This could have an adverse effect on the bolts of every ship that our yards in the north have built."
    assert language(read(shared)).value < language(read(own)).value


def test_the_evidence_is_the_two_gravest_sentences_as_they_stand() -> None:
    text = "We make bolts. Delays may occur. A cyberattack has destroyed our archive. Delays have occurred."
    assert language(read(text)).evidence == (
        "A cyberattack has destroyed our archive.",
        "Delays have occurred.",
    )


def test_long_evidence_is_cut() -> None:
    [quoted] = language(read("We lost " + "very " * 200 + "much.")).evidence
    assert len(quoted) <= EVIDENCE_CHARS
    assert quoted.endswith("very…")


def test_cut_evidence_shows_the_words_that_name_the_harm() -> None:
    [quoted] = language(
        read("We make " + "very " * 200 + "good bolts and lost them " + "far " * 200 + "away.")
    ).evidence
    assert len(quoted) <= EVIDENCE_CHARS
    assert "lost" in quoted
    assert quoted.startswith("…very")
    assert quoted.endswith("far…")


def test_evidence_without_spaces_is_cut_all_the_same() -> None:
    [quoted] = language(read("x" * 500 + "-lost-" + "y" * 500)).evidence
    assert len(quoted) <= EVIDENCE_CHARS
    assert "lost" in quoted


def test_a_text_that_names_no_harm_has_value_zero_and_no_evidence() -> None:
    part = language(read("We make bolts. They are round."))
    assert part.value == 0.0
    assert part.evidence == ()
