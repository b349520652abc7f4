"""A company's size, which amounts are compared with: as the filing event says, or as the filing itself does."""

from dataclasses import dataclass
from typing import Literal

from streams.analysis.scoring.cover_value import market_value_on_cover
from streams.analysis.scoring.inline_facts import size_facts


@dataclass(frozen=True, slots=True)
class CompanySize:
    """What amounts are compared with. ValueError unless it is positive and finite."""

    dollars: float
    basis: Literal["revenue", "market value"]

    def __post_init__(self) -> None:
        if not 0.0 < self.dollars < float("inf"):
            raise ValueError(f"a company's size must be positive and finite, not {self.dollars}")


def company_size(
    document: bytes, *, revenue_usd: float | None = None, market_value_usd: float | None = None
) -> CompanySize | None:
    """The company's size by what is given, else by what the document says; None where neither is known.

    Of both, the revenue before the market value: a year's sales are what a year's losses are paid from.

    Args:
        document: The filing. Its inline XBRL facts count before the market value in its cover's prose.
        revenue_usd: A fiscal year's revenue in whole US dollars, if the caller knows it.
        market_value_usd: The market value of the company in whole US dollars, if the caller knows it.

    Raises:
        ValueError: if the value given that counts is not positive and finite.
    """
    if revenue_usd is not None:
        return CompanySize(revenue_usd, "revenue")
    if market_value_usd is not None:
        return CompanySize(market_value_usd, "market value")
    facts = size_facts(document)
    if facts.revenue is not None:
        return CompanySize(facts.revenue, "revenue")
    market_value = facts.market_value if facts.market_value is not None else market_value_on_cover(document)
    return None if market_value is None else CompanySize(market_value, "market value")
