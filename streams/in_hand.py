"""What a worker has in hand: the filing that has the processor slot, and the cancellation that is being written."""

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable, Iterator

from schemas.tasks import STORING
from streams.incoming import Task
from streams.processor import Abandoned
from streams.task_memory import Cancelled


class StepGuard:
    """Stands in the analysis's thread before each step of one filing, and stops it there.

    Args:
        begin_storing: marks, on the event loop, that the effects begin; raises `Cancelled` where they must not.

    Attributes:
        fault: what else `begin_storing` raised. It comes out of the analysis, and is none of the filing's.
    """

    def __init__(self, begin_storing: Callable[[], Awaitable[None]]) -> None:
        self._begin_storing = begin_storing
        self._loop = asyncio.get_running_loop()
        # A Table can be changed only in the context of its event, which the analysis's thread has not.
        self._context = contextvars.copy_context()
        self._stopped_by: type[Exception] | None = None
        self._asking: asyncio.Task[None] | None = None
        self.fault: Exception | None = None

    def before(self, step: int) -> None:
        """Called in the analysis's thread: returns where the step may begin.

        Raises:
            Cancelled, Abandoned: where it must not.
        """
        if self._stopped_by is not None:
            raise self._stopped_by
        if step == STORING:
            self._context.run(asyncio.run_coroutine_threadsafe, self._ask(), self._loop).result()

    def cancel(self) -> None:
        """Have the filing stop at its next step."""
        self._stopped_by = Cancelled

    def let_go(self) -> None:
        """The filing is no longer ours: its thread must neither store it nor change what is remembered."""
        self._stopped_by = Abandoned
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        if self._stopped_by is not None:
            raise self._stopped_by
        self._asking = asyncio.current_task()
        try:
            await self._begin_storing()
        except Cancelled:
            raise
        except Exception as error:
            self.fault = error
            raise


class InHand:
    """One filing at most, and one cancellation. Used on the event loop only."""

    def __init__(self) -> None:
        self._filing: Task | None = None
        self._guard: StepGuard | None = None
        self._being_cancelled: str | None = None

    @contextlib.contextmanager
    def filing(self, task: Task, guard: StepGuard) -> Iterator[None]:
        """The filing has the slot. Until it leaves it, whoever works on it also writes its end."""
        self._filing, self._guard = task, guard
        try:
            yield
        finally:
            self._filing = self._guard = None

    def works_on(self, task: Task) -> bool:
        """Whether this task's filing has the slot."""
        mine = self._filing
        return mine is not None and (mine.task_id, mine.owner) == (task.task_id, task.owner)

    def stop_filing(self) -> None:
        """Have the filing that has the slot stop at its next step."""
        if self._guard is not None:
            self._guard.cancel()

    @contextlib.contextmanager
    def cancellation(self, task: Task) -> Iterator[None]:
        """The task is being ended in CANCELLED; its filing need not be begun any more."""
        self._being_cancelled = task.task_id
        try:
            yield
        finally:
            self._being_cancelled = None

    def is_being_cancelled(self, task: Task) -> bool:
        """Whether this task is being ended in CANCELLED."""
        return self._being_cancelled == task.task_id
