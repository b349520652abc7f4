"""`sigmak score`: no server, the whole analysis."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ops.company_options import MarketValueOption, RevenueOption
from ops.documents import read_document
from ops.failures import CommandFailed
from ops.terminal import SafeConsole, say_json

if TYPE_CHECKING:
    from schemas.risks import RiskAssessment


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("score")
    def score(
        file: Annotated[str, typer.Argument(help="The filing's document, also .gz; - for standard input.")],
        ticker: Annotated[str, typer.Option(help="The company's ticker symbol.")],
        year: Annotated[int, typer.Option(help="The year that the filing counts under.")],
        history: Annotated[
            list[str] | None, typer.Option(metavar="FILE:YEAR", help="An earlier filing; may be given again.")
        ] = None,
        revenue_usd: RevenueOption = None,
        market_value_usd: MarketValueOption = None,
        top: Annotated[int | None, typer.Option(min=1, help="How many risks to show; all by default.")] = None,
        json: Annotated[bool, typer.Option("--json", help="Print the assessment as JSON.")] = False,
    ) -> None:
        """Read and score a filing here and now, against earlier ones. Model and weights come from SIGMAK_*."""
        earlier = [_file_and_year(each) for each in history or []]
        assessment = _assess(file, ticker, year, earlier, revenue_usd, market_value_usd)
        if top is not None:
            assessment = assessment.showing(top)
        if json:
            say_json(assessment.model_dump_json())
            return

        from ops.report import print_assessment

        print_assessment(SafeConsole(), assessment)


def _file_and_year(text: str) -> tuple[str, int]:
    file, _, year = text.rpartition(":")
    if not file or not year.isdecimal():
        raise typer.BadParameter(f"{text} is not FILE:YEAR", param_hint="--history")
    return file, int(year)


def _assess(
    file: str,
    ticker: str,
    year: int,
    earlier: Sequence[tuple[str, int]],
    revenue_usd: float | None,
    market_value_usd: float | None,
) -> "RiskAssessment":
    from ops.settings import load
    from streams.analysis.reading import UnreadableDocument, read_item_1a, segment, warnings_of
    from streams.analysis.scoring import Scorer, StoredText, company_size, full_text
    from streams.analysis_port import AnalysisNotReady
    from streams.assembly import configured_embedder
    from streams.settings import WorkerSettings

    settings = load(WorkerSettings)
    try:
        embedder = configured_embedder(settings, cached=True)
    except AnalysisNotReady as error:
        raise CommandFailed(str(error)) from error
    history: list[StoredText] = []
    name = file
    try:
        for name, earlier_year in earlier:
            factors = segment(read_item_1a(read_document(name)))
            vectors = embedder.embed([full_text(factor) for factor in factors])
            history += [
                StoredText(earlier_year, factor.heading, factor.text, embedded)
                for factor, embedded in zip(factors, vectors, strict=True)
            ]
        name = file
        document = read_document(file)
        item = read_item_1a(document)
        factors = segment(item)
    except UnreadableDocument as error:
        raise CommandFailed(f"{name}: {error}") from error
    if item.status == "not_found":
        reason = item.hint or "Is it the filing's main document?"
        raise CommandFailed(f"{file} holds no Item 1A, Risk Factors. {reason}")
    vectors = embedder.embed([full_text(factor) for factor in factors])
    return Scorer(embedder, settings.severity_weights).assess(
        ticker=ticker,
        filing_year=year,
        item=item,
        factors=factors,
        vectors=vectors,
        history=history,
        size=company_size(document, revenue_usd=revenue_usd, market_value_usd=market_value_usd),
        warnings=warnings_of(factors),
    )
