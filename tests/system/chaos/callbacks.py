"""Who is told of ends during chaos: receivers that fail now and then, and what came to them."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from standardwebhooks import WebhookVerificationError

from tests.webhook_receiver import Received, Receiver


@dataclass(frozen=True, slots=True)
class Told:
    """One request that a receiver got.

    Attributes:
        subject: the task or batch whose end it tells.
        state: how that ended, as it tells.
        genuine: its signature is that of our secret.
        taken: it was answered with a 2xx.
    """

    subject: str
    webhook_id: str
    state: str
    genuine: bool
    taken: bool


@dataclass
class Callbacks:
    """Takes webhooks for as long as its `with` block lasts."""

    secret: str
    told: list[Told] = field(default_factory=list)
    _at_end: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        # Of its own: a receiver that hangs and has failed gets one request at a time.
        self._prompt, self._hanging = (self._at_end.enter_context(Receiver()) for _ in range(2))
        for receiver in (self._prompt, self._hanging):
            receiver.on_request = self._take
        return self

    def __exit__(self, *_: object) -> None:
        self._at_end.close()

    def url(self, name: str, answers: str) -> str:
        """A URL that gives these answers in turn."""
        receiver = self._hanging if "hang" in answers else self._prompt
        return receiver.url(f"/{name}/{answers}")

    def taken(self) -> set[str]:
        """Those of whose ends somebody took note."""
        return {each.subject for each in list(self.told) if each.taken}

    def _take(self, request: Received) -> None:
        try:
            genuine = request.verified_with(self.secret)
        except WebhookVerificationError:
            genuine = False
        data = json.loads(request.body)["data"]
        subject, taken = data.get("task_id") or data["batch_id"], request.answer.startswith("2")
        self.told.append(Told(subject, request.webhook_id, data["status"], genuine, taken))
