"""Submits a document to a gateway and shows how it goes."""

from collections.abc import Mapping
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ops.client import GatewayClient
from ops.documents import read_document
from ops.failures import CommandFailed
from ops.report import print_assessment
from ops.terminal import SafeConsole
from schemas.filings import ScoringOptions
from schemas.risks import RiskAssessment
from schemas.tasks import TaskStatus
from streams.analysis.reading import UnreadableDocument
from streams.analysis.reading.document import open_document


def submit_and_watch(
    client: GatewayClient,
    file: str,
    *,
    ticker: str,
    year: int,
    options: ScoringOptions,
    labels: Mapping[str, str] | None = None,
    show: bool = True,
    report: bool = True,
) -> TaskStatus:
    """Submit a document and return its task's final status.

    Args:
        show: show a progress bar on standard error.
        report: print the risks at the end, where `show` is on.
    """
    try:
        document = open_document(read_document(file))
    except UnreadableDocument as error:
        raise CommandFailed(f"{file}: {error}") from error
    body: dict[str, Any] = {"ticker": ticker, "filing_year": year, "html_content": document.data.decode()}
    body |= options.model_dump(exclude_none=True)
    if labels:
        body["labels"] = dict(labels)
    if document.form:
        body["form"] = document.form
    task_id = client.submit(body)
    bar = Progress(
        TextColumn("{task.fields[filing]}", markup=False),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=SafeConsole(stderr=True),
        disable=not show,
    )
    with bar:
        shown = bar.add_task("waiting", total=None, filing=f"{ticker} {year}")
        for status in client.follow(task_id):
            progress = status.progress
            bar.update(shown, description=progress.status, completed=progress.current, total=progress.total)
    if show and report and isinstance(status.result, RiskAssessment):
        print_assessment(SafeConsole(), status.result)
    return status
