"""A client of an event stream that reads in a thread of its own."""

import threading
from typing import Any

import httpx
import orjson

from tests.system.parts import Gateway


class EventReader:
    """What a client of an event stream has heard so far."""

    def __init__(self, gateway: Gateway, path: str, **headers: str) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.comments, self.began, self.over = 0, threading.Event(), threading.Event()
        self._url, self._headers = gateway.url + path, {"X-API-Key": gateway.key, **headers}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def names(self) -> list[str]:
        """The states, in order."""
        return [name for _, name, _ in self.events]

    def _listen(self) -> None:
        with httpx.stream("GET", self._url, headers=self._headers, timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    self.events.append((fields["id"], fields["event"], orjson.loads(fields["data"])))
                    fields = {}
                    self.began.set()
        self.over.set()
