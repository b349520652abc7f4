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


def test_any_bytes_are_read_without_an_error() -> None:
    assert company_size(b"\xff\xd8\x00<ix:nonFraction name=\xff contextRef='\xfe'>\xff<") is None


@pytest.mark.parametrize("dollars", [0.0, -1.0, float("inf"), float("nan")])
def test_a_size_is_positive_and_finite(dollars: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        CompanySize(dollars, "revenue")
