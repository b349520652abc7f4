"""`sigmak analyze`: submit a filing to a gateway, watch it, print its risks."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ops.company_options import MarketValueOption, RevenueOption
from ops.failures import CommandFailed
from ops.terminal import say_json


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("analyze")
    def analyze(
        file: Annotated[str, typer.Argument(help="The filing's document, also .gz; - for standard input.")],
        ticker: Annotated[str, typer.Option(help="The company's ticker symbol.")],
        year: Annotated[int, typer.Option(help="The year that the filing counts under.")],
        api_key: Annotated[str, typer.Option(envvar="SIGMAK_API_KEY", help="An API key; `sigmak up` prints one.")],
        url: Annotated[str, typer.Option(envvar="SIGMAK_URL", help="The gateway.")] = "http://127.0.0.1:8080",
        revenue_usd: RevenueOption = None,
        market_value_usd: MarketValueOption = None,
        top: Annotated[int, typer.Option(min=1, max=50, help="How many risks to show.")] = 10,
        label: Annotated[
            list[str] | None, typer.Option(metavar="NAME=VALUE", help="Mark the task and its result; may be repeated.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print the task's final status as JSON.")] = False,
    ) -> None:
        """Submit a filing, watch it with a progress bar, and print its risks."""
        from ops.client import GatewayClient
        from ops.submission import submit_and_watch
        from schemas.filings import ScoringOptions
        from schemas.tasks import TaskState

        options = ScoringOptions(retrieve_top_k=top, revenue_usd=revenue_usd, market_value_usd=market_value_usd)
        labels = _labels(label or [])
        with GatewayClient(url, api_key) as client:
            status = submit_and_watch(
                client, file, ticker=ticker, year=year, options=options, labels=labels, show=not json
            )
        if json:
            say_json(status.model_dump_json())
        elif status.error is not None:
            raise CommandFailed(f"{ticker} {year}: {status.error.message} ({status.error.type})")
        elif status.status is not TaskState.SUCCESS:
            raise CommandFailed(f"{ticker} {year}: task {status.task_id} was cancelled")
        if status.status is not TaskState.SUCCESS:
            raise typer.Exit(1)


def _labels(given: Sequence[str]) -> dict[str, str]:
    """The labels by name; what is wrong with a name or value, the gateway says."""
    labels = dict(each.split("=", 1) for each in given if "=" in each)
    if len(labels) < len(given):
        raise typer.BadParameter("give each label once, as NAME=VALUE", param_hint="--label")
    return labels
