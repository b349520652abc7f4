"""`make demo`: start the stack, send filings through it, print the risks of the latest, stop."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ops.client import GatewayClient
from ops.failures import CommandFailed
from ops.local.kafka_jars import KafkaNotFetched
from ops.local.process import ServerDidNotStart
from ops.local.programs import MissingProgram
from ops.local.signals import stop_signals_interrupt
from ops.local.system import LocalSystem
from ops.submission import submit_and_watch
from ops.terminal import SafeConsole, say_error
from schemas.filings import ScoringOptions

_BUNDLED = Path(__file__).parent / "filings"
_WORKERS = 2
_SHOWN = ScoringOptions(retrieve_top_k=20)


def demo(
    filing: Annotated[Path | None, typer.Option(help="A filing of one's own instead of the bundled two.")] = None,
    ticker: Annotated[str | None, typer.Option(help="Its ticker.")] = None,
    year: Annotated[int | None, typer.Option(help="Its year.")] = None,
) -> None:
    """Send filings through a whole local stack."""
    filings = _bundled() if filing is None else [_own(filing, ticker, year)]
    os.umask(0o077)  # as `sigmak` has it
    console = SafeConsole(stderr=True)
    try:
        with stop_signals_interrupt(), _started(console) as system:
            _send(system, filings, console)
    except KeyboardInterrupt:
        console.print("stopped")
        raise typer.Exit(1) from None
    except (MissingProgram, KafkaNotFetched, ServerDidNotStart, CommandFailed) as error:
        say_error(*f"demo: {error}".split("\n"))
        raise typer.Exit(1) from error
    console.print(
        "\nEverything is stopped again. To keep the stack up: make up "
        "(or .venv/bin/sigmak up), which prints its address and an API key;\n"
        "its API pages are at http://127.0.0.1:8080/docs, and "
        ".venv/bin/sigmak analyze FILE --ticker T --year Y sends it a filing."
    )


def _bundled() -> list[tuple[Path, str, int]]:
    found = []
    for file in sorted(_BUNDLED.glob("*.html")):
        ticker, _, year = file.stem.partition("_")
        found.append((file, ticker, int(year)))
    return found


def _own(filing: Path, ticker: str | None, year: int | None) -> tuple[Path, str, int]:
    if ticker is None or year is None:
        raise typer.BadParameter("with FILING, give TICKER and YEAR too", param_hint="FILING")
    return filing, ticker, year


def _started(console: SafeConsole) -> LocalSystem:
    console.print(f"Starting Kafka, a gateway and {_WORKERS} workers (the first time, Kafka is fetched by Maven) ...")
    return LocalSystem(None, workers=_WORKERS, gateways=1, brokers=1, port=0)


def _send(system: LocalSystem, filings: list[tuple[Path, str, int]], console: SafeConsole) -> None:
    url = system.stack.urls[0]
    console.print(f"ready: {url} (API pages: {url}/docs)\n")
    with GatewayClient(url, system.api_key) as client:
        for number, (file, ticker, year) in enumerate(filings, 1):
            latest = number == len(filings)
            status = submit_and_watch(client, str(file), ticker=ticker, year=year, options=_SHOWN, report=latest)
            if status.error is not None:
                raise CommandFailed(f"{file}: {status.error.message} ({status.error.type})")


if __name__ == "__main__":
    typer.run(demo)
