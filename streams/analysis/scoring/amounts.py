"""Amounts of money and shares of revenue in prose: "$4.9 billion", "EUR 30 million", "12% of revenue"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

_SCALES = {
    "": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "million": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9, "tn": 1e12, "trillion": 1e12,
}  # fmt: skip
_CURRENCIES = {
    "$": 1.0, "usd": 1.0, "us$": 1.0, "dollars": 1.0, "€": 1.1, "eur": 1.1, "euro": 1.1, "euros": 1.1,
    "£": 1.25, "gbp": 1.25, "pounds": 1.25, "¥": 0.007, "jpy": 0.007, "yen": 0.007, "cny": 0.14, "rmb": 0.14,
    "renminbi": 0.14, "yuan": 0.14, "cad": 0.73, "c$": 0.73, "aud": 0.66, "a$": 0.66, "chf": 1.1,
    "inr": 0.012,
    "rupees": 0.012, "hk$": 0.13, "krw": 0.00075, "won": 0.00075, "sek": 0.095, "mxn": 0.055, "brl": 0.19,
}  # fmt: skip
"""US dollars a unit, to one or two digits: an amount is judged by its order of magnitude."""

_LARGEST = 1e14
"""About the size of the world's economy: a larger number is a slip of the pen, not an amount at stake."""

_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_SCALE = r"(?:\s*[-‑]?\s*(?P<scale>thousand|million|billion|trillion|mm|mn|bn|tn|[kmb])\b)?"
_PREFIX = r"(?P<prefix>US\$|C\$|A\$|HK\$|[$€£¥]|\b(?:USD|EUR|GBP|JPY|CNY|RMB|CAD|AUD|CHF|INR|KRW|SEK|MXN|BRL)\b)"
_SUFFIX = (
    r"(?P<suffix>(?:U\.?S\.?\s+)?dollars|euros?|pounds|yen|renminbi|yuan|rupees|won"
    r"|USD|EUR|GBP|JPY|CNY|RMB|CHF)"
)
_MONEY = re.compile(
    rf"(?:{_PREFIX}\s*{_NUMBER}{_SCALE}|(?<![\w.,$€£¥]){_NUMBER.replace('number', 'number2')}"
    rf"{_SCALE.replace('scale', 'scale2')}\s+{_SUFFIX}\b)(?![,.]?\d|\w)",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"(?<![\w.,])(?P<percent>\d{1,3}(?:\.\d+)?)\s*(?:%|percent\b|per\s+cent\b)\s+of\s+"
    r"(?:\w+['’]?s?\s+){0,4}?(?P<base>(?:net\s+)?(?:revenues?|sales|turnover)\b)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?<![\d$€£¥,.])(19[89]\d|20[0-4]\d)(?![\d,%]|\.\d)")


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount as a text names it."""

    quote: str
    dollars: float | None
    """US dollars, by a rough rate; None for a share of revenue."""
    share_of_revenue: float | None
    """0 to 1; None for money."""


def amounts(sentence: str) -> Iterator[Amount]:
    """The amounts of a sentence, money first; what is no well-formed number ("$1,2,3") is left out."""
    if not _DIGIT.search(sentence):  # as most: the patterns below take 20 times as long to say so
        return
    for match in _MONEY.finditer(sentence):
        number = match["number"] or match["number2"]
        scale = (match["scale"] or match["scale2"] or "").lower()
        unit = " ".join((match["prefix"] or match["suffix"]).lower().replace(".", "").split()).removeprefix("us ")
        dollars = float(number.replace(",", "")) * _SCALES[scale] * _CURRENCIES[unit]
        if isfinite(dollars) and 0.0 < dollars <= _LARGEST:
            yield Amount(match.group().strip(), dollars, None)
    for match in _SHARE.finditer(sentence):
        percent = float(match["percent"])
        if 0.0 < percent <= 100.0:
            yield Amount(" ".join(match.group().split()), None, percent / 100.0)


def years(sentence: str) -> list[int]:
    """The calendar years that a sentence names, in order."""
    return [int(match.group()) for match in _YEAR.finditer(sentence)]
