"""A company's revenue and market value as its filing's inline XBRL states them; filings before 2019 have none.

Every pattern takes time in proportion to the document: a filing may hold a million opening tags and no closing one.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

_REVENUE = (
    "us-gaap:Revenues",
    "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax",
    "us-gaap:RevenueFromContractWithCustomerIncludingAssessedTax",
    "us-gaap:SalesRevenueNet",
)
_MARKET_VALUE = ("dei:EntityPublicFloat",)

# Neither a tag's attributes nor a value may hold a "<": else each unclosed tag would be read to the document's end.
_FACT = re.compile(rb"<ix:nonFraction\b(?P<attributes>[^<>]*)>(?P<value>[^<]*)<", re.IGNORECASE)
_CONTEXT = re.compile(rb"<(?:xbrli:)?context\b(?P<attributes>[^<>]*)>", re.IGNORECASE)
_CONTEXT_EDGE = re.compile(rb"<(?P<closing>/)?(?:xbrli:)?context\b", re.IGNORECASE)
_CONCEPT = re.compile("|".join(_REVENUE + _MARKET_VALUE).encode())
# A name is tried at its beginning only, or one of a megabyte would be read from each of its letters.
_ATTRIBUTE = re.compile(rb"(?<![\w:])(?P<name>[\w:]+)\s*=\s*[\"'](?P<value>[^\"']*)[\"']")
_DATE = re.compile(rb"<(?:xbrli:)?(?P<which>startDate|endDate|instant)>\s*(?P<date>\d{4}-\d\d-\d\d)", re.IGNORECASE)

_LONGEST_CONTEXT = 20_000
"""Bytes; one of a whole company has 400, one of a part of it up to some 3,000."""

_SHORTEST_YEAR, _LONGEST_YEAR = 350, 380
"""Days of a fiscal year of 52 or 53 weeks; other periods are quarters or transition periods."""


class SizeFacts(NamedTuple):
    """In US dollars, each of the latest period that has it; None where the filing does not state it."""

    revenue: float | None
    """Of a whole fiscal year."""
    market_value: float | None
    """Of what non-affiliates hold, as the cover gives it."""


class _Period(NamedTuple):
    start: date | None
    end: date


def size_facts(document: bytes) -> SizeFacts:
    """The revenue and market value of the whole company."""
    if b"ix:nonFraction" not in document and b"ix:nonfraction" not in document:
        return SizeFacts(None, None)
    periods = dict(_periods(document))
    revenue: list[tuple[date, float]] = []
    market: list[tuple[date, float]] = []
    for name, period, dollars in _facts(document, periods):
        if name in _MARKET_VALUE:
            market.append((period.end, dollars))
        elif period.start and _SHORTEST_YEAR <= (period.end - period.start).days <= _LONGEST_YEAR:
            revenue.append((period.end, dollars))
    return SizeFacts(max(revenue)[1] if revenue else None, max(market)[1] if market else None)


def _periods(document: bytes) -> Iterator[tuple[str, _Period]]:
    """The contexts of the whole company: one with a segment speaks of a part of it."""
    for match in _CONTEXT.finditer(document):
        edge = _CONTEXT_EDGE.search(document, match.end(), match.end() + _LONGEST_CONTEXT)
        name = _attributes(match["attributes"]).get("id")
        if edge is None or not edge["closing"] or not name:
            continue
        body = document[match.end() : edge.start()]
        period = None if b"segment" in body.lower() else _period(body)
        if period is not None:
            yield name, period


def _period(body: bytes) -> _Period | None:
    dates = {found["which"].lower(): found["date"].decode() for found in _DATE.finditer(body)}
    end = dates.get(b"enddate") or dates.get(b"instant")
    if not end:
        return None
    start = dates.get(b"startdate")
    try:
        return _Period(date.fromisoformat(start) if start else None, date.fromisoformat(end))
    except ValueError:  # no such day: the filing's slip, and its other contexts still count
        return None


def _facts(document: bytes, periods: dict[str, _Period]) -> Iterator[tuple[str, _Period, float]]:
    for match in _FACT.finditer(document):
        if not _CONCEPT.search(match["attributes"]):  # as nearly all of a thousand facts and more
            continue
        attributes = _attributes(match["attributes"])
        name, period = attributes.get("name", ""), periods.get(attributes.get("contextref", ""))
        if period is None or name not in _REVENUE + _MARKET_VALUE:
            continue
        dollars = _number(match["value"], attributes.get("scale", "0"))
        if dollars:
            yield name, period, dollars


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        found["name"].decode().lower(): found["value"].decode("utf-8", "replace") for found in _ATTRIBUTE.finditer(tag)
    }


def _number(text: bytes, scale: str) -> float | None:
    """A fact's value; None if it is nil, a dash or no number of a sane size."""
    digits = text.decode("utf-8", "replace").replace(",", "").strip()
    if not re.fullmatch(r"\d{1,15}(?:\.\d{1,6})?", digits) or not re.fullmatch(r"-?\d{1,2}", scale):
        return None
    value = float(digits) * 10.0 ** int(scale)
    return value if 0.0 < value < float("inf") else None
