"""How many event streams each key has open at this gateway."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from gateway.keys import ApiKey
from gateway.limits import Limits
from gateway.problems import Problem

_WAIT_FOR_AN_END = 5


class OpenStreams:
    """Counts open streams by key."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, key: ApiKey, limits: Limits) -> Iterator[None]:
        """A stream of this key is open until the end of the `with` block.

        Raises:
            Problem: 429 where it has as many as it may.
        """
        if limits.open_streams is not None and self._open[key.id] >= limits.open_streams:
            detail = f"Open streams of this API key are limited to {limits.open_streams}. Close one first."
            headers = {"Retry-After": str(_WAIT_FOR_AN_END)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_streams", detail, headers=headers)
        self._open[key.id] += 1
        try:
            yield
        finally:
            self._open[key.id] -= 1
            if not self._open[key.id]:
                del self._open[key.id]
