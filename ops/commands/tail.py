"""`sigmak tail risks|tasks`."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from ops.failures import ServerAway
from ops.terminal import say, say_error, say_json

if TYPE_CHECKING:
    from schemas.envelope import CloudEvent
    from streams.incoming import FilingRecord

AsJson = Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON, as CloudEvents has it.")]
FromBeginning = Annotated[bool, typer.Option("--from-beginning", help="First all that the topic holds.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    tail = typer.Typer(no_args_is_help=True, help="Finished assessments or statuses of tasks as they come.")
    app.add_typer(tail, name="tail")

    @tail.command("risks")
    def risks(json: AsJson = False, from_beginning: FromBeginning = False) -> None:
        """Print each finished assessment, until Ctrl-C."""
        from ops.tail import as_json, assessment_line
        from schemas.topics import RISKS

        _follow(RISKS, as_json if json else assessment_line, say_json if json else say, from_beginning=from_beginning)

    @tail.command("tasks")
    def tasks(json: AsJson = False, from_beginning: FromBeginning = False) -> None:
        """Print each status of each task, until Ctrl-C."""
        from ops.tail import as_json, status_line
        from schemas.topics import TASKS

        _follow(TASKS, as_json if json else status_line, say_json if json else say, from_beginning=from_beginning)


def _follow(
    topic: str, told: "Callable[[CloudEvent], str]", write: Callable[[str], None], *, from_beginning: bool
) -> None:
    from ops.local.signals import stop_signals_interrupt
    from ops.settings import load
    from ops.tail import TopicTail
    from ops.topic_records import TopicUnreachable
    from transport.settings import KafkaSettings

    connection = load(KafkaSettings).connection()
    try:
        with (
            stop_signals_interrupt(),
            contextlib.closing(TopicTail(connection, topic, from_beginning=from_beginning)) as tail,
        ):
            say_error(f"Reading {topic}; Ctrl-C ends it.")
            for record in tail.records():
                if record.value is not None:  # else a tombstone: the task's status is past its life
                    _tell(record, told, write)
    except TopicUnreachable as error:
        raise ServerAway(str(error)) from error
    except KeyboardInterrupt:
        return


def _tell(record: "FilingRecord", told: "Callable[[CloudEvent], str]", write: Callable[[str], None]) -> None:
    from schemas.envelope import CloudEvent

    try:
        write(told(CloudEvent.from_message(record.headers, record.value)))
    except ValueError:
        where = f"{record.topic}, partition {record.partition}, offset {record.offset}"
        say_error(f"sigmak: passed over what is no event of ours: {where}")
