"""What labelled sentences teach of claim and gravity: two logistic regressions over the rules' findings and the words.

`benchmarks/train_sentences.py` makes the data file; figures stand in docs/scoring.md.
"""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streams.analysis.scoring.claims import LEXICON, Claim
from streams.analysis.scoring.lexicon import data_file, terms
from streams.analysis.scoring.text import folded, words

TRAINED = "sentences.npz"

TAUGHT_CLAIMS: tuple[Claim, ...] = ("happened", "expected", "possible", "denied")
CLAIMS = (*TAUGHT_CLAIMS, "none")
"""The classes of the first regression; `stated` harm is labelled as what it is in the context, mostly `expected`."""

GRAVITIES = (0.4, 0.7, 1.0)
"""The classes of the second."""

BUCKETS = 1024
"""Words and pairs of words are hashed to this many features: more of them learned the training filings by heart."""

GRAM_SCALE = 2.0
"""How much the words count beside the rules' findings against the penalty on large weights."""

LONGEST = 60
"""Words of a sentence that are read: what is claimed stands at its beginning, and longer ones are lists."""

_RULED: tuple[Claim, ...] = ("happened", "stated", "expected", "possible", "denied")
_CUES = ("possible", "unsure", "past", "weak_past", "expected", "denied", "policy", "good")
_LEVELS = ("plain", "grave", "existential")


class Ruled(NamedTuple):
    """What the rules found in a sentence."""

    gravity: float
    claim: Claim
    whole: Claim
    """The claim of the sentence as a whole, of which `claim` is that of one clause."""
    is_fact: bool
    of_others: bool


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """Both regressions."""

    claim: NDArray[np.float64]
    """Shape (claims, features + 1); the last column is the bias."""
    gravity: NDArray[np.float64]
    """Shape (gravities, features + 1)."""

    @classmethod
    def read(cls, content: bytes) -> "SentenceWeights":
        """From the bytes of a file; ValueError if they hold executable objects."""
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            return cls(arrays["claim"].astype(np.float64), arrays["gravity"].astype(np.float64))

    def to_bytes(self) -> bytes:
        """The bytes of an npz file, in half precision."""
        buffer = BytesIO()
        np.savez(buffer, claim=self.claim.astype(np.float16), gravity=self.gravity.astype(np.float16))
        return buffer.getvalue()


@cache
def trained() -> SentenceWeights | None:
    """The weights of the data file; None if it is not there."""
    content = data_file(TRAINED)
    return None if content is None else SentenceWeights.read(content)


def features(sentence: str, ruled: Ruled) -> NDArray[np.float64]:
    """What the regressions see: the rules' findings, cues and hashed words; the last is 1, for the bias."""
    found, lower = words(sentence)[:LONGEST], folded(sentence)
    findings = [
        *(float(ruled.claim == claim and ruled.gravity > 0.0) for claim in _RULED),
        float(ruled.gravity == 0.0),
        *(float(ruled.gravity >= gravity) for gravity in GRAVITIES),
        *(float(ruled.whole == claim) for claim in _RULED),
        *(float(terms(LEXICON, "claims", cue).search(lower) is not None) for cue in _CUES),
        *(float(terms(LEXICON, "harm", level).search(lower) is not None) for level in _LEVELS),
        float(ruled.is_fact),
        float(ruled.of_others),
        float(sentence[:1].islower()),
        len(found) / LONGEST,
    ]
    hashed = np.zeros(BUCKETS)
    plain = ["^", *("0" if word.isdigit() else word for word in found), "$"]
    for word, following in zip(plain, [*plain[1:], ""], strict=True):
        hashed[_bucket(word)] = hashed[_bucket(f"{word} {following}")] = 1.0
    return np.concatenate([findings, GRAM_SCALE * hashed / np.sqrt(hashed.sum()), [1.0]])


def probabilities(weights: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """How probable each class is, shape (classes,)."""
    logits = weights @ seen
    odds = np.exp(logits - logits.max())
    shares: NDArray[np.float64] = odds / odds.sum()
    return shares


def _bucket(gram: str) -> int:
    return crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS
