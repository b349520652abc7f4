"""Large submissions do not hold up others: while a body is read as JSON or text, the gateway answers nobody."""

import gzip
import threading
import time
from typing import Any

import httpx
import orjson
import pytest

from tests.system.parts import Gateway, System

_PROMISED_SECONDS = 0.020
_FILING = {"ticker": "LARGE", "filing_year": "2024"}
_HTML = {"Content-Type": "text/html"}


def _page(size: int) -> str:
    paragraph = '<p style="margin:0">Our “business” may be harmed by a fire, a flood or a strike & more.</p>\n'
    return paragraph * (size // len(paragraph))


_PAGE = _page(2_000_000)


@pytest.mark.alone
@pytest.mark.parametrize(
    "submission",
    [
        pytest.param({"content": orjson.dumps({**_FILING, "html_content": _PAGE})}, id="json"),
        pytest.param({"content": _PAGE.encode(), "headers": _HTML, "params": _FILING}, id="raw"),
        pytest.param({"content": _PAGE.encode("cp1252"), "headers": _HTML, "params": _FILING}, id="windows-1252"),
        pytest.param(
            {
                "content": gzip.compress(_PAGE.encode()),
                "headers": {**_HTML, "Content-Encoding": "gzip"},
                "params": _FILING,
            },
            id="gzip",
        ),
    ],
)
def test_reading_2_mb_does_not_stall_other_requests(system: System, submission: dict[str, Any]) -> None:
    assert _wait_beside(system.gateway(), submission, answered=202) < 2 * _PROMISED_SECONDS


@pytest.mark.alone
def test_unpacking_a_bomb_does_not_stall_other_requests(system: System) -> None:
    headers = {**_HTML, "Content-Encoding": "gzip"}
    bomb = {"content": gzip.compress(bytes(100_000_000)), "headers": headers, "params": _FILING}
    assert _wait_beside(system.gateway(), bomb, answered=413) < 2 * _PROMISED_SECONDS


def _wait_beside(gateway: Gateway, submission: dict[str, Any], *, answered: int) -> float:
    """How long others wait, but for the slowest few, while one client submits the same again and again."""
    stop = threading.Event()
    answers: set[int] = set()

    def submit() -> None:
        with httpx.Client(headers={"X-API-Key": gateway.key}) as client:
            while not stop.is_set():
                answers.add(client.post(f"{gateway.url}/analyze", **submission).status_code)

    submitting = threading.Thread(target=submit)
    submitting.start()
    try:
        waits = sorted(_waits(gateway, 400))
    finally:
        stop.set()
        submitting.join()
    assert answers == {answered}
    # The slowest few tell of the machine's other work: a stall by the body itself would be in every submission.
    return waits[int(len(waits) * 0.98)]


def _waits(gateway: Gateway, count: int) -> list[float]:
    waits = []
    with httpx.Client() as client:
        for _ in range(count):
            began = time.perf_counter()
            client.get(f"{gateway.url}/live")
            waits.append(time.perf_counter() - began)
    return waits
