"""What counts as the same key, and as the same body."""

from typing import Any

import pytest
from fastapi import Request

from gateway.idempotency.fingerprints import body_hash, claim_key, idempotency_key
from gateway.problems import Problem
from gateway.publisher import Offered
from gateway.submission_body import AnalyzeRequest
from schemas.filings import FilingSubmitted, Priority
from tests.unit.examples import TRACEPARENT, a_filing


async def _key_of(*values: str) -> str | None:
    headers = [(b"idempotency-key", value.encode("latin-1")) for value in values]
    return await idempotency_key(Request({"type": "http", "headers": headers}))


def _hash(filing: FilingSubmitted, priority: Priority = "normal", owner: str = "key-1") -> str:
    return body_hash(Offered(filing, owner, priority, TRACEPARENT))


@pytest.mark.parametrize("key", ["k", "!~", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "x" * 255])
async def test_a_key_is_1_to_255_visible_ascii_characters(key: str) -> None:
    assert await _key_of(key) == key


@pytest.mark.parametrize("keys", [("",), ("x" * 256,), ("a b",), ("ké",), ("a\t",), ("a", "b"), ("a", "a")])
async def test_any_other_key_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(Problem) as refused:
        await _key_of(*keys)
    assert (refused.value.status, refused.value.type) == (422, "invalid_idempotency_key")


async def test_a_request_without_the_header_has_no_key() -> None:
    assert await _key_of() is None


def test_no_two_api_keys_share_a_key_and_the_topic_does_not_show_it() -> None:
    keys = {claim_key("key-1", "one"), claim_key("key-2", "one"), claim_key("key-1", "two")}
    assert len(keys) == 3
    assert all(len(key) == 64 for key in keys)


def test_the_same_wishes_are_the_same_body_whether_defaults_are_spelt_out_or_not() -> None:
    short = '{"ticker":"ACME","filing_year":2024,"html_content":"é","revenue_usd":10}'
    long = '{"revenue_usd":1e1,"html_content":"\\u00e9","filing_year":2024,"ticker":"ACME","retrieve_top_k":10}'
    filings = [
        FilingSubmitted(**AnalyzeRequest.model_validate_json(body).model_dump(exclude={"priority"}))
        for body in (short, long)
    ]
    assert _hash(filings[0]) == _hash(filings[1])


DIFFERENT: list[dict[str, Any]] = [
    {"ticker": "OTHER"}, {"filing_year": 2023}, {"html_content": "<p>a filing</p> "}, {"html_path": "<p>a filing</p>"},
    {"retrieve_top_k": 11}, {"form": "10-K"}, {"revenue_usd": 1}, {"market_value_usd": 1}, {"action": "index"},
    {"labels": {"team": "credit"}}, {"batch_id": "b"}, {"callback_url": "https://example.com/hook"},
]  # fmt: skip


@pytest.mark.parametrize("changes", DIFFERENT)
def test_a_body_that_differs_in_anything_is_another(changes: dict[str, Any]) -> None:
    assert _hash(a_filing(**changes)) != _hash(a_filing())


def test_every_field_of_a_filing_event_is_among_those_that_make_another_body() -> None:
    assert {name for changes in DIFFERENT for name in changes} == set(FilingSubmitted.model_fields)


def test_a_field_that_a_newer_gateway_knows_does_not_make_an_older_ones_body_another() -> None:
    class Newer(FilingSubmitted):
        callback: str | None = None

    assert _hash(Newer(ticker="ACME", filing_year=2024, html_content="<p>a filing</p>")) == _hash(a_filing())


def test_another_priority_is_another_body_and_another_trace_is_not() -> None:
    assert _hash(a_filing(), "high") != _hash(a_filing())
    assert body_hash(Offered(a_filing(), "key-1", "normal", None)) == _hash(a_filing())
