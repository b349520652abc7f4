"""A document itself as the request's body, plain or compressed, and what may be wrong with it. No worker."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from backports import zstd

from gateway.keys import add_key
from ops.local.process import Launch
from schemas.filings import FilingSubmitted
from schemas.topics import FILINGS, FILINGS_PRIORITY
from tests.system.parts import Gateway, System, header, records

TEXT = "<p>Our “business” may be harmed: café.</p>"
FILING = {"ticker": "RAW", "filing_year": "2024"}
HTML = {"Content-Type": "text/html"}
MAX_DOCUMENT_BYTES = 1_000_000


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System) -> Gateway:
    return system.gateway(max_document_bytes=MAX_DOCUMENT_BYTES)


def _send(gateway: Gateway, body: bytes, headers: dict[str, str], **query: Any) -> httpx.Response:
    return gateway.ask("POST", "/analyze", content=body, headers=headers, params={**FILING, **query})


def _submitted(system: System, answer: httpx.Response, lane: str = FILINGS) -> FilingSubmitted:
    assert answer.status_code == 202, answer.text
    task_id = answer.json()["task_id"]
    [event] = [each for each in records(system.kafka, lane) if header(each, "ce_id") == task_id]
    value = event.value()
    assert value is not None
    return FilingSubmitted.model_validate_json(value)


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).removeprefix("urn:sigmak:problem:")


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "Text/HTML; charset=utf-8"])
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [(None, bytes), ("gzip", gzip.compress), ("zstd", zstd.compress), ("GZIP", gzip.compress)],
)
def test_a_document_is_on_the_lane_as_it_was_sent(
    gateway: Gateway, system: System, media_type: str, encoding: str | None, pack: Callable[[bytes], bytes]
) -> None:
    headers = {"Content-Type": media_type} | ({"Content-Encoding": encoding} if encoding else {})
    assert _submitted(system, _send(gateway, pack(TEXT.encode()), headers)).html_content == TEXT


def test_a_documents_charset_is_read_from_its_content_type(gateway: Gateway, system: System) -> None:
    headers = {"Content-Type": 'text/html; charset="windows-1250"'}
    assert _submitted(system, _send(gateway, "<p>Dvořák</p>".encode("cp1250"), headers)).html_content == "<p>Dvořák</p>"


def test_the_query_says_of_a_document_what_the_fields_of_a_json_body_say(gateway: Gateway, system: System) -> None:
    _, high = add_key(system.keys, "high", tier="high")
    answer = gateway.ask(
        "POST",
        "/analyze",
        key=high,
        content=b"<p>x</p>",
        headers=HTML,
        params={
            "ticker": "BRK.B",
            "filing_year": 2023,
            "form": "10-K/A",
            "retrieve_top_k": 3,
            "revenue_usd": "364482000000",
            "market_value_usd": "7.125e11",
            "priority": "high",
            "label": ["desk:credit", "note:a:b"],
        },
    )
    filing = _submitted(system, answer, FILINGS_PRIORITY)
    assert (filing.ticker, filing.filing_year, filing.form, filing.retrieve_top_k) == ("BRK.B", 2023, "10-K/A", 3)
    assert (filing.revenue_usd, filing.market_value_usd) == (364_482_000_000, 712.5e9)
    assert filing.labels == {"desk": "credit", "note": "a:b"}


def test_a_document_can_be_indexed(gateway: Gateway, system: System) -> None:
    answer = gateway.ask("POST", "/index", content=b"<p>x</p>", headers=HTML, params=FILING)
    assert _submitted(system, answer).action == "index"


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("ticker", {"ticker": "lower"}),
        ("ticker", {"ticker": ["A", "B"]}),
        ("ticker", {"ticker": []}),
        ("filing_year", {"filing_year": "soon"}),
        ("retrieve_top_k", {"retrieve_top_k": 51}),
        ("revenue_usd", {"revenue_usd": "-1"}),
        ("market_value_usd", {"market_value_usd": "nan"}),
        ("form", {"form": "ten k"}),
        ("priority", {"priority": "urgent"}),
        ("html_path", {"html_path": "/etc/passwd"}),
        ("html_content", {"html_content": "another"}),
        ("unknown", {"unknown": 1}),
        ("label", {"label": "no colon"}),
        ("label", {"label": ["a:1", "a:2"]}),
        ("labels", {"label": "a:"}),
        ("labels", {"labels": "a:1"}),
    ],
)
def test_a_parameter_at_fault_is_named(gateway: Gateway, field: str, query: dict[str, Any]) -> None:
    answer = _send(gateway, b"<p>secret words</p>", HTML, **query)
    assert _problem(answer) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "secret words" not in answer.text


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_json_body_can_be_compressed_too(gateway: Gateway, system: System, pack: Callable[[bytes], bytes]) -> None:
    coding = "gzip" if pack is gzip.compress else "zstd"
    body = b'{"ticker": "RAW", "filing_year": 2024, "html_content": "packed"}'
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = gateway.ask("POST", "/analyze", content=pack(body), headers=headers)
    assert _submitted(system, answer).html_content == "packed"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_a_bomb_is_refused_and_the_gateway_answers_on(
    gateway: Gateway, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    bomb = pack(bytes(300_000_000))
    for media_type in ("text/html", "application/json"):
        answer = _send(gateway, bomb, {"Content-Type": media_type, "Content-Encoding": coding})
        assert _problem(answer) == (413, "body_too_large")
    assert gateway.ready()


def test_a_document_over_the_limit_is_refused_in_every_form(gateway: Gateway) -> None:
    large = b"x" * (MAX_DOCUMENT_BYTES + 1)
    assert _problem(_send(gateway, large, HTML)) == (413, "document_too_large")
    assert _problem(_send(gateway, gzip.compress(large), {**HTML, "Content-Encoding": "gzip"}))[0] == 413
    assert _send(gateway, large[1:], HTML).status_code == 202


def test_a_document_that_is_over_the_limit_only_as_utf8_is_refused(gateway: Gateway) -> None:
    accents = "é".encode("cp1252") * (MAX_DOCUMENT_BYTES - 1)
    assert _problem(_send(gateway, accents, HTML)) == (413, "document_too_large")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content-Type": "application/pdf"}, (415, "unsupported_media_type")),
        ({"Content-Type": "application/x-www-form-urlencoded"}, (415, "unsupported_media_type")),
        ({"Content-Type": ""}, (415, "unsupported_media_type")),
        ({**HTML, "Content-Encoding": "br"}, (415, "unsupported_encoding")),
        ({**HTML, "Content-Encoding": "gzip, gzip"}, (415, "unsupported_encoding")),
        ({"Content-Type": "text/html; charset=klingon"}, (415, "unsupported_charset")),
        ({**HTML, "Content-Encoding": "gzip"}, (400, "broken_encoding")),
        ({**HTML, "Content-Encoding": "zstd"}, (400, "broken_encoding")),
    ],
)
def test_a_body_that_is_not_understood_is_refused(
    gateway: Gateway, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert _problem(_send(gateway, b"\xe9 caf", headers)) == expected


def test_a_refused_media_type_is_told_which_are_taken(gateway: Gateway) -> None:
    answer = _send(gateway, b"x", {"Content-Type": "application/pdf"})
    assert answer.headers["accept"] == "application/json, text/html, text/plain"


@pytest.mark.parametrize("path", ["/analyze", "/index"])
def test_openapi_shows_both_kinds_of_body(gateway: Gateway, path: str) -> None:
    operation = gateway.ask_without_key("/openapi.json").json()["paths"][path]["post"]
    assert list(operation["requestBody"]["content"]) == ["application/json", "text/html", "text/plain"]
    named = {(each["in"], each["name"]) for each in operation["parameters"]}
    scoring = ("retrieve_top_k", "revenue_usd", "market_value_usd") if path == "/analyze" else ()
    query = ("ticker", "filing_year", "form", "priority", "callback_url", "label", *scoring)
    assert named == {("header", "Idempotency-Key"), *(("query", name) for name in query)}
    assert "Content-Encoding: gzip or zstd" in operation["requestBody"]["description"]


def test_openapi_says_in_which_unit_a_companys_size_is(gateway: Gateway) -> None:
    operation = gateway.ask_without_key("/openapi.json").json()["paths"]["/analyze"]["post"]
    described = {each["name"]: each["schema"].get("description", "") for each in operation["parameters"]}
    assert "whole US dollars" in described["revenue_usd"]
    assert "whole US dollars" in described["market_value_usd"]
