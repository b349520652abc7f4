"""Cutting a text into token chunks that fit the model's window, at the ends of sentences where possible."""

from collections.abc import Iterator

from tokenizers import Tokenizer

from streams.analysis.scoring.text import sentences


def token_chunks(text: str, tokenizer: Tokenizer, window: int) -> list[list[int]]:
    """The token ids of a text in chunks of at most `window` tokens with special ones; at least one chunk.

    Chunks are of nearly equal length: a last one of three words would weigh as much as the others in a mean.
    """
    first, last = tokenizer.encode("").ids
    room = window - 2
    readable = text.encode("utf-8", "replace").decode()  # the tokenizer refuses unpaired surrogates
    encodings = tokenizer.encode_batch_fast(sentences(readable), add_special_tokens=False)
    pieces = [piece for encoding in encodings for piece in _split(encoding.ids, room)]
    return [[first, *chunk, last] for chunk in _pack(pieces, room)] or [[first, last]]


def _split(ids: list[int], room: int) -> Iterator[list[int]]:
    """A sentence as it is, or in equal parts if it alone is longer than the window."""
    parts = -(-len(ids) // room)
    for part in range(parts):
        yield ids[part * len(ids) // parts : (part + 1) * len(ids) // parts]


def _pack(pieces: list[list[int]], room: int) -> Iterator[list[int]]:
    """Neighbouring pieces put together, each chunk as near as it gets to an equal share of what is left."""
    left = sum(map(len, pieces))
    share = left / max(-(-left // room), 1)
    chunk: list[int] = []
    for piece in pieces:
        overshoots = len(chunk) + len(piece) / 2 > share
        if chunk and (overshoots or len(chunk) + len(piece) > room):
            yield chunk
            left -= len(chunk)
            share = left / max(-(-left // room), 1)
            chunk = []
        chunk = chunk + piece
    if chunk:
        yield chunk
