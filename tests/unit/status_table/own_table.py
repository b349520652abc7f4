"""A status table of a test's own, which is given its records by hand."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.materialised.database import Database
from gateway.materialised.subscriptions import Subscriptions
from gateway.status_table.rows import Row, status_row
from gateway.status_table.status_rows import StatusRecord, StatusRows
from gateway.status_table.table import StatusTable
from schemas.tasks import TaskStatus
from tests.unit.examples import NOON, TASK_ID

OWNER = "key-1"
TOMBSTONE = StatusRecord(TASK_ID, None)


class OwnTable(StatusTable):
    """Rows in a folder, and the way in."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder)
        self.news: Subscriptions[Row] = Subscriptions()
        self.rows = StatusRows("statuses", self.news)
        super().__init__(self.database)

    def apply(self, records: Sequence[StatusRecord], now: datetime = NOON) -> None:
        """Take records at a moment, as the follower does."""
        changes = self.rows.fold(records, self.database, now)
        self.database.write(changes.writes)
        self.rows.told(changes.news)

    def begin_anew(self) -> None:
        """Lose all, as where the topic was made anew."""
        self.database.clear(self.rows.prefix)

    def close(self) -> None:
        """Let go of the folder."""
        self.database.close()


def record(status: TaskStatus, owner: str | None = OWNER) -> StatusRecord:
    """The record of a status."""
    return StatusRecord(status.task_id, status_row(status.model_dump_json().encode(), owner))
