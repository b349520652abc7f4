"""`sigmak webhooks`, and `list`, `resend` and `secret` below it."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from ops.commands.followers import run_follower
from ops.failures import CommandFailed, ServerAway
from ops.terminal import SafeConsole, say, say_error, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.webhooks import Delivery

_ACKNOWLEDGED_WITHIN = 30.0
_WIDTH = 160

SecretsFile = Annotated[
    Path,
    typer.Option(
        "--file", envvar="SIGMAK_WEBHOOK_SECRETS_FILE", help="The file of signing secrets; made where it is missing."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    webhooks = typer.Typer(help="Webhooks: the process that sends them, their deliveries, their secrets.")
    app.add_typer(webhooks, name="webhooks")

    @webhooks.callback(invoke_without_command=True)
    def send(context: typer.Context) -> None:
        """Without a command: run the process that sends webhooks."""
        if context.invoked_subcommand is None:
            from streams.followers import run_webhooks
            from streams.settings import WebhookSenderSettings

            run_follower(run_webhooks, WebhookSenderSettings)

    @webhooks.command("list")
    def list_(
        subject: Annotated[
            str | None, typer.Option("--task", "--batch", help="Only those of this task or batch.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> None:
        """List the deliveries of the last two days and how they stand, the oldest first."""
        chosen = [each for each in _deliveries() if subject in (None, each.state.subject)]
        if json:
            say_json(orjson.dumps([_facts(delivery) for delivery in chosen]))
        elif chosen:
            _print_table(chosen)
        else:
            say("There are no webhooks.")

    @webhooks.command("resend")
    def resend(
        ids: Annotated[list[str], typer.Argument(help="Ids as `list` shows them, or those of tasks and batches.")],
    ) -> None:
        """Send webhooks anew, under the same id, whatever became of them."""
        asyncio.run(_resend(_named(_deliveries(), ids)))

    @webhooks.command("secret")
    def secret(
        key_id: Annotated[str, typer.Argument(help="The id of the API key, as the file of keys has it.")],
        file: SecretsFile,
        rotate: Annotated[bool, typer.Option("--rotate", help="Take the place of the one that there is.")] = False,
        keep_hours: Annotated[
            float, typer.Option(min=0, max=24 * 90, help="How long the one before signs as well.")
        ] = 24.0,
    ) -> None:
        """Make the secret that signs an API key's webhooks, and print it for their receiver."""
        from transport.webhook_secrets import SecretExists, SecretsUnreadable, make_secret

        keep = timedelta(hours=keep_hours)
        try:
            made = make_secret(file, key_id, now=datetime.now(UTC), keep=keep if rotate else None)
        except (SecretExists, SecretsUnreadable) as error:
            raise CommandFailed(str(error)) from error
        say(made)
        if rotate:
            say_error(f"The one before signs as well until {datetime.now(UTC) + keep:%Y-%m-%d %H:%M} UTC.")


async def _resend(deliveries: Sequence["Delivery"]) -> None:
    from ops.settings import load
    from ops.webhooks import resend
    from transport.publisher import KafkaPublisher
    from transport.settings import KafkaSettings

    publisher = KafkaPublisher(load(KafkaSettings).connection(), client_id="sigmak-resend", delivery_timeout=None)
    try:
        for delivery in deliveries:
            async with asyncio.timeout(_ACKNOWLEDGED_WITHIN):
                await resend(delivery, publisher, lambda: datetime.now(UTC))
            say(f"{delivery.state.webhook_id} is sent anew to {delivery.state.receiver}")
    except TimeoutError as error:
        raise ServerAway("Kafka does not acknowledge; what was not told here can be resent again") from error
    finally:
        publisher.close()


def _deliveries() -> list["Delivery"]:
    from ops.webhooks import fold

    with _records() as records:
        return fold(records)


@contextlib.contextmanager
def _records() -> "Iterator[Any]":
    from ops.settings import load
    from ops.topic_records import TopicRecords, TopicUnreachable
    from schemas.topics import WEBHOOKS
    from transport.settings import KafkaSettings

    topic = TopicRecords(load(KafkaSettings).connection(), WEBHOOKS)
    try:
        yield topic.records()
    except TopicUnreachable as error:
        raise ServerAway(str(error)) from error
    finally:
        topic.close()


def _named(deliveries: Sequence["Delivery"], names: Sequence[str]) -> list["Delivery"]:
    by_name = {delivery.state.subject: delivery for delivery in deliveries}
    by_name |= {delivery.state.webhook_id: delivery for delivery in deliveries}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise CommandFailed(f"there is no webhook {', '.join(unknown)}; `sigmak webhooks list` shows them")
    return [by_name[name] for name in names]


def _facts(delivery: "Delivery") -> dict[str, Any]:
    """What is told of a delivery: not its body, nor its URL's path, which may hold a secret of the receiver's."""
    state = delivery.state
    last, due_at = state.last_attempt, state.due_at
    return {
        "id": state.webhook_id,
        "subject": state.subject,
        "receiver": state.receiver,
        "owner": state.owner,
        "outcome": state.outcome or "waiting",
        "attempts": state.attempts,
        "last_status": last.status if last else None,
        "last_error": last.error if last else None,
        "last_at": last.at.isoformat(timespec="seconds") if last else None,
        "due_at": due_at.isoformat(timespec="seconds") if due_at else None,
        "asked_at": delivery.asked_at.isoformat(timespec="seconds"),
        "resent": state.resent,
    }


def _print_table(deliveries: Sequence["Delivery"]) -> None:
    from rich.table import Table

    columns = ("id", "receiver", "outcome", "attempts", "last_status", "last_error", "due_at")
    table = Table(*[name.replace("_", " ") for name in columns], box=None, header_style="bold")
    for delivery in deliveries:
        facts = _facts(delivery)
        table.add_row(*["" if facts[name] is None else str(facts[name]) for name in columns])
    # Of a narrow terminal's width, the ids would be cut that `resend` asks for.
    SafeConsole(soft_wrap=True, width=max(_WIDTH, SafeConsole().width)).print(table)
