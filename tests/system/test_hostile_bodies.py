"""Small requests of an ordinary key that try to hold the gateway or to fill its memory. No worker.

That nothing holds the event loop is asserted at the end of every system test (`loop_watch`).
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from ops.local.process import Launch
from tests.system.parts import Gateway, System

_MIB = 1024 * 1024
SIZE = 20 * _MIB
"""Of what is unpacked."""
JSON, HTML = "application/json", "text/html"
BEGIN = b'{"ticker":"A","filing_year":2024,"html_content":"x",'
QUERY = "/analyze?ticker=A&filing_year=2024"


class Attack(NamedTuple):
    """A request, and the status and problem that answer it."""

    answer: tuple[int, str]
    body: Callable[[], bytes]
    path: str = "/analyze"
    content_type: str = JSON


ATTACKS = {
    "objects": Attack((422, "invalid_request"), lambda: BEGIN + b'"z":[' + b"{}," * (SIZE // 3) + b"{}]}"),
    "labels": Attack(
        (422, "invalid_request"),
        lambda: BEGIN + b'"labels":{' + b",".join(b'"%x ":0' % i for i in range(SIZE // 11)) + b"}}",
    ),
    "fields": Attack(
        (422, "invalid_request"), lambda: BEGIN + b",".join(b'"%x":0' % i for i in range(SIZE // 10)) + b"}"
    ),
    "objects beside a batch": Attack(
        (422, "invalid_request"), lambda: b'{"filings":[0],"z":[' + b"{}," * (SIZE // 3) + b"{}]}", "/batches"
    ),
    "objects in a batch": Attack(
        (422, "invalid_request"), lambda: b'{"filings":[[' + b"{}," * (SIZE // 3) + b"{}]]}", "/batches"
    ),
    "filings of garbage": Attack(
        (422, "invalid_request"),
        lambda: (
            b'{"filings":['
            + b",".join([b'{"labels":{' + b",".join(b'"%x ":0' % i for i in range(95)) + b"}}"] * 500)
            + b"]}"
        ),
        "/batches",
    ),
    "a document of no charset": Attack((413, "document_too_large"), lambda: b"\x81" * SIZE, QUERY, HTML),
    "a document of faults": Attack(
        (415, "unsupported_charset"), lambda: b"\x00\xdc" * (SIZE // 2), QUERY, "text/html; charset=utf-16le"
    ),
    "control characters": Attack((413, "document_too_large"), lambda: b"\x01" * SIZE, QUERY, HTML),
}


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System) -> Gateway:
    gateway = system.gateway()
    assert gateway.post().status_code == 202
    return gateway


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).removeprefix("urn:sigmak:problem:")


@pytest.mark.parametrize("kind", ATTACKS)
def test_what_is_small_and_grows_is_refused_in_the_memory_of_its_body_with_a_short_answer(
    gateway: Gateway, kind: str
) -> None:
    attack = ATTACKS[kind]
    headers = {"Content-Type": attack.content_type, "Content-Encoding": "gzip"}
    packed = gzip.compress(attack.body(), 6)
    before = _peak_mib(gateway, reset=True)
    answer = gateway.ask("POST", attack.path, content=packed, headers=headers)
    assert _problem(answer) == attack.answer
    assert len(answer.content) < 8_000
    # As bytes and as text of two bytes a character, each in pieces and whole; it was 700 to 2,500 MiB.
    assert _peak_mib(gateway) - before < 10 * SIZE // _MIB


def _peak_mib(gateway: Gateway, *, reset: bool = False) -> int:
    """The most memory that the gateway has had since the last reset."""
    process = Path(f"/proc/{gateway.process.pid}")
    if reset:
        (process / "clear_refs").write_text("5")
    [peak] = [line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(peak.split()[1]) // 1024


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ('text/html;"' + ";" * 15_000, (415, "unsupported_media_type")),
        ("text/html; charset*0*=%00''x", None),
        ("text/html; charset=hz-gb-2312", (415, "unsupported_charset")),
        ("text/html; charset=iso-8859-8", (413, "document_too_large")),
    ],
)
def test_a_content_type_is_read_or_refused_in_a_moment(
    gateway: Gateway, header: str, answer: tuple[int, str] | None
) -> None:
    body = b"\xff" * (100 if answer is None else SIZE)
    headers = {"Content-Type": header, "Content-Encoding": "gzip"}
    got = gateway.ask("POST", QUERY, content=gzip.compress(body), headers=headers)
    assert got.status_code == 202 if answer is None else _problem(got) == answer


@pytest.mark.parametrize(
    "query", ["&label=a:b" * 5_000, "".join(f"&{number}=" for number in range(8_000)), "&" * 50_000]
)
@pytest.mark.parametrize(("method", "path"), [("POST", QUERY), ("GET", "/tasks?limit=1")])
def test_a_query_of_countless_parameters_is_refused(gateway: Gateway, method: str, path: str, query: str) -> None:
    answer = gateway.ask(method, path + query, content=b"x", headers={"Content-Type": HTML})
    assert _problem(answer) == (422, "invalid_request")
    assert len(answer.content) < 8_000
