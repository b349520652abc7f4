"""`sigmak dead list|show|redrive`."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from ops.failures import CommandFailed, ServerAway, UsageFailed
from ops.terminal import SafeConsole, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.dead_letters.letters import DeadLetter
    from ops.topic_records import TopicRecords

_ACKNOWLEDGED_WITHIN = 30.0

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
OfType = Annotated[str | None, typer.Option("--type", help="Only those that died of this error type.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dead = typer.Typer(no_args_is_help=True, help="Dead letters: filings that were set aside, and why.")
    app.add_typer(dead, name="dead")

    @dead.command("list")
    def list_(
        error_type: OfType = None,
        redriven: Annotated[bool, typer.Option("--redriven", help="Those that were redriven, too.")] = False,
        json: AsJson = False,
    ) -> None:
        """List dead letters, the oldest first."""
        with _dead_topic() as topic:
            letters = _letters(topic)
        chosen = [each for each in _of_type(letters, error_type) if redriven or each.redriven_as is None]
        if json:
            say_json(orjson.dumps([_facts(letter) for letter in chosen]))
        elif chosen:
            _print_table(chosen)
        else:
            say("There are no dead letters.")

    @dead.command("show")
    def show(
        letter: Annotated[str, typer.Argument(help="A letter's id, as `list` shows it, or its task's id.")],
        json: AsJson = False,
    ) -> None:
        """Show all that is known of one dead letter; never its document."""
        with _dead_topic() as topic:
            [found] = _named(_letters(topic), [letter])
        facts = _facts(found)
        if json:
            say_json(orjson.dumps(facts))
        else:
            say(*(f"{name}: {value}" for name, value in facts.items()))

    @dead.command("redrive")
    def redrive(
        letters: Annotated[list[str] | None, typer.Argument(help="Ids of letters or of their tasks.")] = None,
        error_type: OfType = None,
        everything: Annotated[bool, typer.Option("--all", help="Every letter that can be.")] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    ) -> None:
        """Make new tasks of dead letters; repeating it changes nothing."""
        if sum(map(bool, (letters, error_type, everything))) != 1:
            raise UsageFailed("say which letters: their ids, or --type, or --all")
        with _dead_topic() as topic:
            there = _letters(topic)
            named = _named(there, letters) if letters else [each for each in there if each.redriven_as is None]
            all_done = asyncio.run(_redrive(topic, _of_type(named, error_type), dry_run=dry_run))
        if letters and not all_done:
            raise CommandFailed("not every letter could be redriven")


async def _redrive(topic: "TopicRecords", letters: Sequence["DeadLetter"], *, dry_run: bool) -> bool:
    """Redrive, saying a line of each; returns whether all could be."""
    from datetime import UTC, datetime

    from ops.dead_letters.redrive import NotRedrivable, Redrive, redrivable
    from ops.settings import load
    from transport.publisher import EventTooLarge, KafkaPublisher
    from transport.settings import KafkaSettings

    settings = load(KafkaSettings)
    publisher = KafkaPublisher(settings.connection(), client_id="sigmak-redrive", delivery_timeout=None)
    redriving = Redrive(publisher, topic.record, lambda: datetime.now(UTC), settings.partitions)
    done = 0
    try:
        for letter in letters:
            try:
                task = redrivable(letter, settings.partitions)
                async with asyncio.timeout(_ACKNOWLEDGED_WITHIN):
                    became = "would be redriven" if dry_run else f"is now task {await redriving.redrive(letter)}"
                done += 1
                say(f"{letter.id}: {task.ticker} {task.filing_year} {became}")
            except (NotRedrivable, EventTooLarge) as error:
                say(f"{letter.id}: can't be redriven: {error}")
    except TimeoutError as error:
        raise ServerAway("Kafka does not acknowledge; what was not told here can be redriven again") from error
    finally:
        publisher.close()
    say(f"{done} of {len(letters)} {'would be' if dry_run else 'were'} redriven.")
    return done == len(letters)


@contextlib.contextmanager
def _dead_topic() -> "Iterator[TopicRecords]":
    from ops.settings import load
    from ops.topic_records import TopicRecords, TopicUnreachable
    from schemas.topics import FILINGS_DEAD
    from transport.settings import KafkaSettings

    topic = TopicRecords(load(KafkaSettings).connection(), FILINGS_DEAD)
    try:
        yield topic
    except TopicUnreachable as error:
        raise ServerAway(str(error)) from error
    finally:
        topic.close()


def _letters(topic: "TopicRecords") -> list["DeadLetter"]:
    from ops.dead_letters.letters import fold

    return fold(topic.records())


def _of_type(letters: Sequence["DeadLetter"], error_type: str | None) -> list["DeadLetter"]:
    return [letter for letter in letters if error_type in (None, letter.death.type)]


def _named(letters: Sequence["DeadLetter"], names: Sequence[str]) -> list["DeadLetter"]:
    by_name = {letter.task.task_id: letter for letter in letters if letter.task is not None}
    by_name |= {letter.id: letter for letter in letters}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise CommandFailed(f"there is no dead letter {', '.join(unknown)}; `sigmak dead list` shows them")
    return [by_name[name] for name in names]


def _facts(letter: "DeadLetter") -> dict[str, Any]:
    task, origin = letter.task, letter.origin
    return {
        "id": letter.id,
        "at": letter.record.timestamp.isoformat(timespec="seconds"),
        "type": letter.death.type,
        "message": letter.death.message,
        "exception": letter.death.exception,
        "attempts": letter.death.attempts,
        "task_id": task.task_id if task else None,
        "ticker": task.ticker if task else None,
        "filing_year": task.filing_year if task else None,
        "owner": task.owner if task else None,
        "bytes": letter.size,
        "origin": f"{origin.topic}, partition {origin.partition}, offset {origin.offset}",
        "origin_at": origin.timestamp.isoformat(timespec="seconds"),
        "redriven_as": letter.redriven_as,
    }


def _print_table(letters: Sequence["DeadLetter"]) -> None:
    from rich.table import Table

    columns = ("id", "at", "ticker", "filing_year", "type", "attempts", "task_id")
    table = Table(*[name.replace("_", " ") for name in columns], box=None, header_style="bold")
    for letter in letters:
        facts = _facts(letter)
        table.add_row(*["" if facts[name] is None else str(facts[name]) for name in columns])
    SafeConsole(soft_wrap=True).print(table)
