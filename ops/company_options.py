"""The options that tell a command the company's size, with the limits that a filing event has for it."""

from typing import Annotated

import typer


def dollars(text: str) -> float:
    """Whole US dollars, as a filing event takes them. BadParameter says what is wrong with any others."""
    from pydantic import TypeAdapter, ValidationError

    from schemas.filings import Dollars

    adapter: TypeAdapter[float] = TypeAdapter(Dollars)
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(f"{text}: {error.errors()[0]['msg']}") from error


RevenueOption = Annotated[
    float | None,
    typer.Option(
        parser=dollars, metavar="DOLLARS", help="The company's revenue of a year, in US dollars; amounts relate to it."
    ),
]
MarketValueOption = Annotated[
    float | None,
    typer.Option(parser=dollars, metavar="DOLLARS", help="Its market value, in US dollars, where no revenue is given."),
]
