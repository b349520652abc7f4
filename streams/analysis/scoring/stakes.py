"""The largest recent amount that a factor names, against the company's size where that is known."""

from collections.abc import Sequence
from math import log10

from streams.analysis.scoring.amounts import Amount, amounts, years
from streams.analysis.scoring.claims import LEXICON, Claim
from streams.analysis.scoring.company import CompanySize
from streams.analysis.scoring.judgement import judge
from streams.analysis.scoring.lexicon import terms
from streams.analysis.scoring.parts import Part, quote
from streams.analysis.scoring.prose import Sentence
from streams.analysis.scoring.text import folded

SMALLEST_DOLLARS, LARGEST_DOLLARS = 1e5, 1e11
SMALLEST_SHARE, LARGEST_SHARE = 1e-4, 1.0
"""Where the logarithmic scales start (0) and end (1): alone, and as a share of the company's size."""

HALF_LIFE = 4.0
"""Years after which an amount counts half: last year's settlement is a risk, that of long ago is history."""

NEUTRAL = 0.5
"""The weight of an amount whose sentence names no harm and nothing owed, as an authorised buyback."""

MEASURE = 0.2
"""The weight of an amount that measures something, as a carrying value or a hedge's notional: it is not lost."""

_REALITY: dict[Claim, float] = {"possible": 0.5, "denied": 0.3}
"""The weight of an amount that is only conceivable, as the highest fine that a law allows; others weigh 1."""


def stakes(sentences: Sequence[Sentence], filing_year: int, size: CompanySize | None) -> Part:
    """The amount that weighs most: its magnitude, times how recent, how harmful and how real it is."""
    best: tuple[float, Amount, str] | None = None
    for sentence in sentences:
        found = list(amounts(sentence.text))
        if not found:
            continue
        weight = _weight(sentence.text, filing_year)
        for amount in found:
            value = weight * _magnitude(amount, size)
            if best is None or value > best[0]:
                best = (value, amount, sentence.text)
    if best is None or not best[0]:
        return Part(0.0, (), "")
    value, amount, said_in = best
    named = amount.quote + _relation(amount, size)
    return Part(value, (named, quote(said_in, around=amount.quote)), f"names {named}")


def _weight(sentence: str, filing_year: int) -> float:
    named_years = [year for year in years(sentence) if year <= filing_year]
    age = filing_year - max(named_years, default=filing_year)
    judged, lower = judge(sentence), folded(sentence)
    at_stake = judged.gravity > 0.0 or terms(LEXICON, "at_stake", "words").search(lower) is not None
    context = 1.0 if at_stake else NEUTRAL
    if judged.claim != "happened" and terms(LEXICON, "at_stake", "measures").search(lower):
        context = MEASURE
    return float(0.5 ** (age / HALF_LIFE) * context * _REALITY.get(judged.claim, 1.0))


def _magnitude(amount: Amount, size: CompanySize | None) -> float:
    share = amount.share_of_revenue
    if share is None and size is not None and amount.dollars is not None:
        share = amount.dollars / size.dollars
    if share is not None:
        return _log_scale(share, SMALLEST_SHARE, LARGEST_SHARE)
    return _log_scale(amount.dollars or 0.0, SMALLEST_DOLLARS, LARGEST_DOLLARS)


def _relation(amount: Amount, size: CompanySize | None) -> str:
    if size is None or amount.dollars is None:
        return ""
    return f" ({100.0 * amount.dollars / size.dollars:.2g}% of {size.basis})"


def _log_scale(value: float, zero: float, one: float) -> float:
    """0 up to `zero`, 1 from `one` on, and the logarithm between."""
    if value <= zero:
        return 0.0
    return min(log10(value / zero) / log10(one / zero), 1.0)
