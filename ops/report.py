"""An assessment as a person reads it in a terminal."""

from textwrap import shorten

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.risks import RiskAssessment, RiskFactor

_BAR = 10
_NEW_CHARS = 160
_STATUS = {
    "not_required": "The filing says that it need not give risk factors.",
    "incorporated_by_reference": "The filing's risk factors are in another document, which it refers to.",
    "not_found": "The document holds no Item 1A.",
}
_WARNING = {"no_headings": "No heading of a risk factor was found: the whole item counts as one."}
_KIND_STYLE = {"new": "bold red", "revised": "yellow", "carried": "dim", "first": "cyan"}


def print_assessment(console: Console, assessment: RiskAssessment) -> None:
    """Print the risks as a table, the most severe first."""
    totals = assessment.totals
    years = ", ".join(map(str, assessment.compared_with)) or "no earlier filing"
    title = f"{assessment.ticker} {assessment.filing_year}, {assessment.form or 'filing'}"
    counted = f": {totals.risk_factors} risk factors, compared with {years}"
    console.print(Text.assemble("\n", (title, "bold"), counted))
    if not assessment.risks:
        console.print(_STATUS.get(assessment.status, "The item holds no risk factors."))
        return
    for warning in assessment.warnings:
        console.print(_WARNING[warning], style="yellow")
    table = Table(show_lines=True, header_style="bold", expand=True)
    table.add_column("Risk factor", ratio=4)
    table.add_column("Category, severity, novelty", width=18)
    table.add_column("Why", ratio=3)
    for risk in assessment.risks:
        measures = Text("\n").join([_category(risk), _bar(risk.severity.value), _novelty(risk)])
        table.add_row(_place(risk), measures, _why(risk))
    console.print(table)
    if totals.shown < totals.risk_factors:
        console.print(f"{totals.risk_factors - totals.shown} less severe risk factors are not shown.")


def _place(risk: RiskFactor) -> Text:
    return Text("\n").join([Text(risk.heading), Text(risk.source_citation, style="dim")])


def _category(risk: RiskFactor) -> Text:
    return Text.assemble((risk.category.value, "bold"), f" {risk.category_confidence:.2f}")


def _bar(value: float) -> Text:
    filled = round(value * _BAR)
    style = "red" if value >= 0.66 else "yellow" if value >= 0.33 else "green"
    return Text.assemble(("█" * filled, style), ("░" * (_BAR - filled), "dim"), f" {value:.2f}")


def _novelty(risk: RiskFactor) -> Text:
    kind, value = risk.novelty.kind, risk.novelty.value
    return Text(kind if value is None else f"{kind} {value:.2f}", style=_KIND_STYLE[kind])


def _why(risk: RiskFactor) -> Text:
    """What both scores rest on, and of what is new the first sentence: it is what next to read in the filing."""
    lines = [risk.severity.explanation, f"{risk.novelty.explanation}."]
    if risk.novelty.kind == "revised" and risk.novelty.new_sentences:
        lines.append(f"New: “{shorten(risk.novelty.new_sentences[0], _NEW_CHARS, placeholder='…')}”")
    return Text("\n".join(lines))
