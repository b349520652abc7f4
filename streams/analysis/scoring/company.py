"""A company's size, from the facts that its filing carries as inline XBRL; older filings carry none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

_REVENUE = (
    "us-gaap:Revenues",
    "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax",
    "us-gaap:RevenueFromContractWithCustomerIncludingAssessedTax",
    "us-gaap:SalesRevenueNet",
)
_MARKET_VALUE = ("dei:EntityPublicFloat",)

_FACT = re.compile(rb"<ix:nonFraction\b(?P<attributes>[^>]*)>(?P<value>[^<]*)<", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"(?P<name>[\w:]+)\s*=\s*[\"'](?P<value>[^\"']*)[\"']")
_CONTEXT = re.compile(
    rb"<(?:xbrli:)?context\b[^>]*\bid\s*=\s*[\"'](?P<id>[^\"']+)[\"'][^>]*>(?P<body>.*?)</(?:xbrli:)?context>",
    re.IGNORECASE | re.DOTALL,
)
_DATE = re.compile(rb"<(?:xbrli:)?(?P<which>startDate|endDate|instant)>\s*(?P<date>\d{4}-\d\d-\d\d)", re.IGNORECASE)

_SHORTEST_YEAR, _LONGEST_YEAR = 350, 380
"""Days of a fiscal year of 52 or 53 weeks; other periods are quarters or transition periods."""


@dataclass(frozen=True, slots=True)
class CompanySize:
    """What amounts are compared with. ValueError unless it is positive and finite."""

    dollars: float
    basis: Literal["revenue", "market value"]

    def __post_init__(self) -> None:
        if not 0.0 < self.dollars < float("inf"):
            raise ValueError(f"a company's size must be positive and finite, not {self.dollars}")


class _Period(NamedTuple):
    start: date | None
    end: date


def company_size(document: bytes) -> CompanySize | None:
    """The latest fiscal year's revenue, else the market value on the cover; None without such facts."""
    if b"ix:nonFraction" not in document and b"ix:nonfraction" not in document:
        return None
    periods = dict(_periods(document))
    revenue: list[tuple[date, float]] = []
    market: list[tuple[date, float]] = []
    for name, period, dollars in _facts(document, periods):
        if name in _MARKET_VALUE:
            market.append((period.end, dollars))
        elif period.start and _SHORTEST_YEAR <= (period.end - period.start).days <= _LONGEST_YEAR:
            revenue.append((period.end, dollars))
    if revenue:
        return CompanySize(max(revenue)[1], "revenue")
    return CompanySize(max(market)[1], "market value") if market else None


def _periods(document: bytes) -> Iterator[tuple[str, _Period]]:
    """The contexts of the whole company: one with a segment speaks of a part of it."""
    for match in _CONTEXT.finditer(document):
        if b"segment" in match["body"].lower():
            continue
        dates = {found["which"].lower(): found["date"].decode() for found in _DATE.finditer(match["body"])}
        end = dates.get(b"enddate") or dates.get(b"instant")
        try:
            if end:
                start = dates.get(b"startdate")
                period = _Period(date.fromisoformat(start) if start else None, date.fromisoformat(end))
                yield match["id"].decode("utf-8", "replace"), period
        except ValueError:  # no such day: the filing's slip, and its other contexts still count
            continue


def _facts(document: bytes, periods: dict[str, _Period]) -> Iterator[tuple[str, _Period, float]]:
    for match in _FACT.finditer(document):
        attributes = {
            found["name"].decode().lower(): found["value"].decode("utf-8", "replace")
            for found in _ATTRIBUTE.finditer(match["attributes"])
        }
        name, period = attributes.get("name", ""), periods.get(attributes.get("contextref", ""))
        if period is None or name not in _REVENUE + _MARKET_VALUE:
            continue
        dollars = _number(match["value"], attributes.get("scale", "0"))
        if dollars:
            yield name, period, dollars


def _number(text: bytes, scale: str) -> float | None:
    """A fact's value; None if it is nil, a dash or no number of a sane size."""
    digits = text.decode("utf-8", "replace").replace(",", "").strip()
    if not re.fullmatch(r"\d{1,15}(?:\.\d{1,6})?", digits) or not re.fullmatch(r"-?\d{1,2}", scale):
        return None
    value = float(digits) * 10.0 ** int(scale)
    return value if 0.0 < value < float("inf") else None
