"""`sigmak forwarder` and `sigmak janitor`."""

from collections.abc import Callable
from typing import TypeVar

import typer
from pydantic_settings import BaseSettings

from ops.failures import CommandFailed

Settings = TypeVar("Settings", bound=BaseSettings)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("forwarder")
    def forwarder() -> None:
        """Run the forwarder: it sends filings that wait for their next attempt back to their lane."""
        from streams.followers import run_forwarder
        from streams.settings import FollowerSettings

        run_follower(run_forwarder, FollowerSettings)

    @app.command("janitor")
    def janitor() -> None:
        """Run the janitor: it deletes the statuses of tasks past their life, and ends those that expired."""
        from streams.followers import run_janitor
        from streams.settings import FollowerSettings

        run_follower(run_janitor, FollowerSettings)


def run_follower(run: Callable[[Settings], None], kind: type[Settings]) -> None:
    """Run a follower with the environment's settings.

    Raises:
        CommandFailed: where the topics are wrong, or its consumer can't go on.
    """
    from confluent_kafka import KafkaException

    from ops.settings import load
    from streams.topic_check import WrongTopics

    try:
        run(load(kind))
    except (WrongTopics, KafkaException) as error:
        raise CommandFailed(str(error)) from error
