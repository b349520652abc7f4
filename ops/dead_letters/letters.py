"""The letters of the dead-letter topic, with the markers of those that were redriven folded in."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schemas.dead_letters import Death, NoSuchHeaders, Origin, Redriven
from schemas.labels import Labels
from streams.incoming import FilingRecord, UndecodableFiling, decode_filing


@dataclass(frozen=True, slots=True)
class DeadTask:
    """The task whose filing is in a letter."""

    task_id: str
    ticker: str
    filing_year: int
    owner: str | None
    traceparent: str | None
    labels: Labels = field(default_factory=dict)
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record that was set aside.

    Attributes:
        record: the record, without its value: thousands of documents would not fit into memory.
        size: bytes of that value.
        task: None where the value is no filing event.
        redriven_as: the task that was made from it.
    """

    record: FilingRecord
    size: int
    death: Death
    origin: Origin
    task: DeadTask | None
    redriven_as: str | None = None

    @property
    def id(self) -> str:
        """Names it for an operator: its partition and offset."""
        return f"{self.record.partition}-{self.record.offset}"


def fold(records: Iterable[FilingRecord]) -> list[DeadLetter]:
    """The letters among the records of the dead-letter topic, the oldest first, and one of each task.

    A worker that is killed between the letter and the end of its task leaves a second one when the filing is run again.
    Both redriven, the filing would be two tasks.
    """
    letters: list[DeadLetter] = []
    redriven: dict[tuple[int, int], str] = {}
    for record in records:
        marker = Redriven.of(record.headers)
        if marker is None:
            letters.append(_letter(record))
        else:
            redriven[marker.partition, marker.offset] = marker.task_id
    letters.sort(key=lambda letter: (letter.record.timestamp, letter.record.partition, letter.record.offset))
    marked = [
        replace(letter, redriven_as=redriven.get((letter.record.partition, letter.record.offset))) for letter in letters
    ]
    return _one_of_each_task(marked)


def _one_of_each_task(letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """The first of each task's, which was redriven where any of them was."""
    found: dict[tuple[str | None, ...], DeadLetter] = {}
    for letter in letters:
        first = found.setdefault(_whose(letter), letter)
        found[_whose(letter)] = replace(first, redriven_as=first.redriven_as or letter.redriven_as)
    return list(found.values())


def _whose(letter: DeadLetter) -> tuple[str | None, ...]:
    task = letter.task
    if task is None or letter.death.type in {
        "foreign_task",
        "unsigned_owner",
    }:
        return (letter.id,)
    return (task.task_id, task.owner)


def _letter(record: FilingRecord) -> DeadLetter:
    try:
        death, origin = Death.of(record.headers), Origin.of(record.headers)
    except NoSuchHeaders as error:
        # Somebody else wrote it here: it is shown, and can't be redriven.
        death, origin = Death("unknown", str(error)), record.origin
    return DeadLetter(replace(record, value=None), len(record.value or b""), death, origin, _task(record))


def _task(record: FilingRecord) -> DeadTask | None:
    try:
        event = decode_filing(record)
    except UndecodableFiling:
        return None
    filing = event.filing
    return DeadTask(
        event.task_id,
        filing.ticker,
        filing.filing_year,
        event.owner,
        event.traceparent,
        filing.labels,
        filing.callback_url,
    )
