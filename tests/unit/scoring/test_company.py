import time
from collections.abc import Callable

import pytest

from streams.analysis.scoring.company import CompanySize, company_size


def context(name: str, start: str, end: str, segment: str = "") -> str:
    return (
        f'<xbrli:context id="{name}"><xbrli:entity><xbrli:identifier>1</xbrli:identifier>{segment}</xbrli:entity>'
        f"<xbrli:period><xbrli:startDate>{start}</xbrli:startDate><xbrli:endDate>{end}</xbrli:endDate>"
        "</xbrli:period></xbrli:context>"
    )


def instant(name: str, day: str) -> str:
    return (
        f'<xbrli:context id="{name}"><xbrli:period><xbrli:instant>{day}</xbrli:instant></xbrli:period></xbrli:context>'
    )


def fact(tag: str, where: str, value: str, scale: str = "6") -> str:
    return f'<ix:nonFraction unitRef="usd" contextRef="{where}" name="{tag}" scale="{scale}">{value}</ix:nonFraction>'


YEAR = context("now", "2024-01-01", "2024-12-31")
BEFORE = context("before", "2023-01-01", "2023-12-31")
QUARTER = context("quarter", "2024-10-01", "2024-12-31")
PART = context("part", "2024-01-01", "2024-12-31", "<xbrli:segment>Bolts</xbrli:segment>")
DAY = instant("day", "2024-06-30")


def size(*parts: str) -> CompanySize | None:
    return company_size("".join(["<html>", *parts, "</html>"]).encode())


def test_the_latest_years_revenue_of_the_whole_company_is_its_size() -> None:
    found = size(
        YEAR, BEFORE, QUARTER, PART,
        fact("us-gaap:Revenues", "before", "900.5"),
        fact("us-gaap:Revenues", "now", "1,234"),
        fact("us-gaap:Revenues", "quarter", "400"),
        fact("us-gaap:Revenues", "part", "5,000"),
    )  # fmt: skip
    assert found == CompanySize(1.234e9, "revenue")


def test_without_revenue_it_is_the_market_value_on_the_cover() -> None:
    assert size(DAY, fact("dei:EntityPublicFloat", "day", "2.5", "9")) == CompanySize(2.5e9, "market value")


def test_the_order_of_facts_and_contexts_does_not_matter() -> None:
    assert size(fact("us-gaap:SalesRevenueNet", "now", "7"), YEAR) == CompanySize(7e6, "revenue")


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (YEAR,),
        (YEAR, fact("us-gaap:Revenues", "unknown", "7")),
        (YEAR, fact("us-gaap:Assets", "now", "7")),
        (YEAR, fact("us-gaap:Revenues", "now", "—")),
        (YEAR, fact("us-gaap:Revenues", "now", "0")),
        (YEAR, fact("us-gaap:Revenues", "now", "7", "999")),
        (context("now", "2024-13-45", "2024-99-99"), fact("us-gaap:Revenues", "now", "7")),
        (QUARTER, fact("us-gaap:Revenues", "quarter", "7")),
    ],
)
def test_without_a_usable_fact_the_size_is_unknown(parts: tuple[str, ...]) -> None:
    assert size(*parts) is None


REVENUE = (YEAR, fact("us-gaap:Revenues", "now", "1,234"))
FLOAT = (DAY, fact("dei:EntityPublicFloat", "day", "2.5", "9"))
COVER = "<p>The aggregate market value of the shares held by non-affiliates was $310,500,000.</p>"


def test_a_given_revenue_counts_before_all_that_the_document_states() -> None:
    document = "".join([*REVENUE, *FLOAT, COVER]).encode()
    assert company_size(document, revenue_usd=5e6, market_value_usd=7e6) == CompanySize(5e6, "revenue")


def test_a_given_market_value_counts_before_a_revenue_that_the_document_states() -> None:
    assert company_size("".join(REVENUE).encode(), market_value_usd=7e6) == CompanySize(7e6, "market value")


@pytest.mark.parametrize("given", [{"revenue_usd": 0.0}, {"market_value_usd": float("nan")}])
def test_a_given_size_that_is_none_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        company_size(b"", **given)


def test_without_facts_it_is_the_market_value_in_the_prose_of_the_cover() -> None:
    assert size(COVER) == CompanySize(3.105e8, "market value")
    assert size(*FLOAT, COVER) == CompanySize(2.5e9, "market value")


@pytest.mark.parametrize(
    ("cover", "dollars"),
    [
        # Prices and par values are smaller than what they are prices of.
        (("The aggregate market value of the stock held by nonaffiliates, par value $.01, at the closing price of "
         "$31.00 on June 30, 2011, was approximately $4.2 billion."), 4.2e9),
        ("Aggregate market value of voting stock<br>held by non-affiliates</td><td>$</td><td>81,379,000</td>", 8.1379e7),
        ("No affiliates are known. The aggregate&nbsp;market\nvalue of all shares is &#36;12.5 million.", 1.25e7),
        # Two classes of shares.
        (("The aggregate market value of Class A held by nonaffiliates was $488,038 and the aggregate market value of "
         "Class B held by nonaffiliates was $16,212,090."), 1.621209e7),
    ],
)  # fmt: skip
def test_a_cover_says_it_in_many_ways(cover: str, dollars: float) -> None:
    assert size(f"<p>{cover}</p>") == CompanySize(dollars, "market value")


@pytest.mark.parametrize(
    "text",
    [
        "The aggregate market value of the shares held by affiliates is not known.",
        "The aggregate market value of the shares of our affiliates was $31.00.",
        "The aggregate market value of our securities was $5 million.",
    ],
)
def test_what_is_no_market_value_of_the_company_is_no_size(text: str) -> None:
    assert size(f"<p>{text}</p>") is None


EXHAUSTING: dict[str, Callable[[], bytes]] = {
    "unclosed facts": lambda: b"<ix:nonFraction " * 1_000_000,
    "facts without an end": lambda: b"<ix:nonFraction>" * 1_000_000,
    "unclosed contexts": lambda: b"<ix:nonFraction>" + b"<context id='x'>" * 1_000_000,
    "a long attribute": lambda: b"<ix:nonFraction " + b"a" * 16_000_000 + b"><",
    "a cover of angle brackets": lambda: b"<" * 16_000_000,
    "a cover of nothing but the words": lambda: b"aggregate market value of affiliates " * 400_000,
}


@pytest.mark.parametrize("make", EXHAUSTING.values(), ids=EXHAUSTING.keys())
def test_what_would_exhaust_a_careless_reader_is_read_in_time(make: Callable[[], bytes]) -> None:
    document = make()
    start = time.process_time()
    assert company_size(document) is None
    assert time.process_time() - start < 5.0


def test_any_bytes_are_read_without_an_error() -> None:
    assert company_size(b"\xff\xd8\x00<ix:nonFraction name=\xff contextRef='\xfe'>\xff<") is None


@pytest.mark.parametrize("dollars", [0.0, -1.0, float("inf"), float("nan")])
def test_a_size_is_positive_and_finite(dollars: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        CompanySize(dollars, "revenue")
