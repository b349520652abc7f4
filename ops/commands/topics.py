"""`sigmak topics apply|check`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import typer

from ops.failures import CommandFailed, ServerAway
from ops.terminal import say

if TYPE_CHECKING:
    from schemas.topics import Topic
    from transport.topics import TopicAdmin

Answer = TypeVar("Answer")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    topics = typer.Typer(no_args_is_help=True, help="The topics on the broker against the catalogue.")
    app.add_typer(topics, name="topics")

    @topics.command("apply")
    def apply() -> None:
        """Create missing topics and alter drifted settings."""
        changes = _on_broker(lambda admin, catalogue: admin.apply(catalogue))
        say(*(changes or ["All topics were as they should be."]))

    @topics.command("check")
    def check() -> None:
        """Say how the topics differ from the catalogue; exit 1 where they do."""
        differences = _on_broker(lambda admin, catalogue: admin.differences(catalogue))
        if differences:
            say(*map(str, differences))
            raise CommandFailed("the topics differ from the catalogue; `sigmak topics apply` mends all but partitions")
        say("All topics are as they should be.")


def _on_broker(ask: "Callable[[TopicAdmin, Sequence[Topic]], Answer]") -> Answer:
    from ops.settings import load
    from transport.settings import KafkaSettings
    from transport.topics import KafkaRefuses, KafkaUnreachable, TopicAdmin

    settings = load(KafkaSettings)
    try:
        return ask(TopicAdmin(settings.connection()), settings.topics())
    except KafkaUnreachable as error:
        raise ServerAway(str(error)) from error
    except KafkaRefuses as error:
        raise CommandFailed(str(error)) from error
