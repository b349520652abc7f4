"""Who waits for changes of a subject is told of each, in the event loop, however slowly it listens."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

News = TypeVar("News")
_News_contra = TypeVar("_News_contra", contravariant=True)

_KEPT = 16
"""News that one listener may be behind; of more the oldest are dropped, since later ones supersede them."""


class Listener(Protocol[_News_contra]):
    """Who is told; in the event loop."""

    def put(self, news: _News_contra, /) -> None:
        """Tell it."""

    def end(self) -> None:
        """Nothing follows."""


class Subscription(Generic[News]):
    """A listener that wants the news themselves, the oldest first."""

    def __init__(self) -> None:
        self._unheard: deque[News] = deque(maxlen=_KEPT)
        self._any = asyncio.Event()
        self._over = False

    async def next(self) -> News | None:
        """The next news, once there are any; None where there will be none, since the process ends."""
        while not self._unheard and not self._over:
            self._any.clear()
            await self._any.wait()
        return self._unheard.popleft() if self._unheard else None

    def put(self, news: News) -> None:
        """See `Listener`."""
        self._unheard.append(news)
        self._any.set()

    def end(self) -> None:
        """See `Listener`."""
        self._over = True
        self._any.set()


class Signal:
    """A listener that wants to know only that something happened, of whatever it listens to, however often."""

    def __init__(self) -> None:
        self._any = asyncio.Event()
        self._over = False

    async def next(self) -> bool:
        """Wait until something has happened since the last time; False where nothing will, since the process ends."""
        await self._any.wait()
        if not self._over:
            self._any.clear()
        return not self._over

    def put(self, _news: object) -> None:
        """See `Listener`."""
        self._any.set()

    def end(self) -> None:
        """See `Listener`."""
        self._over = True
        self._any.set()


class Subscriptions(Generic[News]):
    """Hands news from the follower's thread to listeners in one event loop."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener[News]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = False

    @contextmanager
    def of(self, subject: str) -> Iterator[Subscription[News]]:
        """All news of a subject from now on. Whoever then reads its row misses nothing: that holds what came before."""
        subscription: Subscription[News] = Subscription()
        with self.join(subscription, [subject]):
            yield subscription

    @contextmanager
    def join(self, listener: Listener[News], subjects: Sequence[str]) -> Iterator[None]:
        """Tell a listener of all these subjects, as `of` one."""
        self._loop = asyncio.get_running_loop()
        if self._over:
            listener.end()
        for subject in subjects:
            self._listeners.setdefault(subject, []).append(listener)
        try:
            yield
        finally:
            for subject in subjects:
                listeners = self._listeners[subject]
                listeners.remove(listener)
                if not listeners:
                    del self._listeners[subject]

    def listened_to(self, subject: str) -> bool:
        """Whether anybody would be told; from any thread."""
        return subject in self._listeners

    def tell(self, news: Iterable[tuple[str, News]]) -> None:
        """Tell each subject's listeners; from any thread, after the rows can be read."""
        wanted = [(subject, each) for subject, each in news if self.listened_to(subject)]
        if wanted and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, wanted)

    def end(self) -> None:
        """Let all listeners go, and those who come later: the process ends, and waits for them. In the event loop."""
        self._over = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    def _deliver(self, news: Sequence[tuple[str, News]]) -> None:
        for subject, each in news:
            for listener in self._listeners.get(subject, ()):
                listener.put(each)
