"""Cutting a text into token chunks at ends of sentences that its own content chooses.

Where a chunk ends depends on the sentences around that place only: an edit changes the chunks beside it, and next
year's filing has the others as they were, with vectors that are known (docs/decisions/0013).
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
from tokenizers import Tokenizer

from streams.analysis.scoring.text import sentences

LONGEST = 128
"""Tokens, special ones with them. Half of the model's window: an edit costs all of its chunk, and in chunks twice as
long half as much of a revised filing was known."""

SHORTEST = 32
"""Tokens, where a text has as many: a chunk of three words would weigh as much as the others in a mean."""


def token_chunks(text: str, tokenizer: Tokenizer, window: int) -> list[list[int]]:
    """The token ids of a text in chunks of at most `window` tokens with special ones; at least one chunk."""
    first, last = tokenizer.encode("").ids
    room = min(window, LONGEST) - 2
    readable = text.encode("utf-8", "replace").decode()  # the tokenizer refuses unpaired surrogates
    encodings = tokenizer.encode_batch_fast(sentences(readable), add_special_tokens=False)
    pieces = [piece for encoding in encodings for piece in _split(encoding.ids, room)]
    return [[first, *chunk, last] for chunk in _pack(pieces, room)] or [[first, last]]


def _split(ids: list[int], room: int) -> Iterator[list[int]]:
    """A sentence as it is, or in equal parts if it alone is longer than a chunk."""
    parts = -(-len(ids) // room)
    for part in range(parts):
        yield ids[part * len(ids) // parts : (part + 1) * len(ids) // parts]


def _pack(pieces: Sequence[list[int]], room: int) -> Iterator[list[int]]:
    """Neighbouring pieces put together."""
    left = sum(map(len, pieces))
    start = 0
    while left > room:
        end = _end_of_chunk(pieces, start, left, room)
        chunk = [token for piece in pieces[start:end] for token in piece]
        yield chunk
        left -= len(chunk)
        start = end
    if left:
        yield [token for piece in pieces[start:] for token in piece]


def _end_of_chunk(pieces: Sequence[list[int]], start: int, left: int, room: int) -> int:
    """Of all places where the chunk may end, the one whose last sentence has the lowest hash.

    Two texts that differ before `start` choose among mostly the same places, so they soon cut alike again.
    """
    length, fitting, allowed = 0, start, []
    for place in range(start, len(pieces)):
        length += len(pieces[place])
        if length > room:
            break
        fitting = place + 1
        if min(length, left - length) >= SHORTEST - 2:
            allowed.append(fitting)
    return min(allowed, key=lambda end: _hash(pieces[end - 1]), default=fitting)


def _hash(ids: list[int]) -> bytes:
    return blake2b(np.array(ids, np.int64).tobytes(), digest_size=8).digest()
