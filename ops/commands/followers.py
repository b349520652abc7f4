"""`sigmak forwarder` and `sigmak janitor`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from ops.failures import CommandFailed

if TYPE_CHECKING:
    from streams.settings import FollowerSettings


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("forwarder")
    def forwarder() -> None:
        """Run the forwarder: it sends filings that wait for their next attempt back to their lane."""
        from streams.followers import run_forwarder

        _run(run_forwarder)

    @app.command("janitor")
    def janitor() -> None:
        """Run the janitor: it deletes the statuses of tasks past their life, and ends those that expired."""
        from streams.followers import run_janitor

        _run(run_janitor)


def _run(run: "Callable[[FollowerSettings], None]") -> None:
    from confluent_kafka import KafkaException

    from ops.settings import load
    from streams.settings import FollowerSettings
    from streams.topic_check import WrongTopics

    try:
        run(load(FollowerSettings))
    except (WrongTopics, KafkaException) as error:
        raise CommandFailed(str(error)) from error
