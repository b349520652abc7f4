"""A client of the gateway: submits a filing and follows its task."""

import time
import uuid
from collections.abc import Iterator
from typing import Any, Self

import httpx

from ops.failures import CommandFailed, ServerAway
from schemas.tasks import TaskStatus

_PATIENCE = 30.0
"""Seconds to go on trying while the gateway says 503 or 429, or does not answer."""
_POLL_SECONDS = 0.1
_TIMEOUT = 30.0


class GatewayClient:
    """Talks to one gateway with one API key, until the end of the `with` block."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=_TIMEOUT, trust_env=False)
        self._url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def submit(self, body: dict[str, Any]) -> str:
        """Submit a filing; returns its task id.

        Raises:
            CommandFailed: where it is refused. ServerAway: where no gateway takes it.
        """
        # Without the key, one that is sent again after a 503 of unknown outcome could be two tasks.
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return str(self._ask("POST", "/analyze", json=body, headers=key).json()["task_id"])

    def follow(self, task_id: str) -> Iterator[TaskStatus]:
        """The task's status each time that it changes, up to the end; raises as `submit`."""
        seen: TaskStatus | None = None
        while seen is None or not seen.status.ended:
            status = TaskStatus.model_validate_json(self._ask("GET", f"/tasks/{task_id}").content)
            if status != seen:
                seen = status
                yield status
            else:
                time.sleep(_POLL_SECONDS)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._http.request(method, path, **more)
            except httpx.TransportError as error:
                raise ServerAway(f"no gateway answers at {self._url}; `sigmak up` starts one") from error
            if answer.is_success:
                return answer
            wait = float(answer.headers.get("Retry-After", "1"))
            if answer.status_code not in (429, 503):
                raise CommandFailed(_problem(answer))
            if time.monotonic() + wait > deadline:
                raise ServerAway(_problem(answer))
            time.sleep(wait)


def _problem(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        return f"the gateway answered {answer.status_code}"
    lines = [str(document.get("detail", answer.reason_phrase))]
    lines += [f"  {each['field']}: {each['message']}" for each in document.get("errors", [])]
    return "\n".join(lines)
