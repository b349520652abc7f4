"""Errors as problem documents (RFC 9457): the same form for all, and no inner detail or input in them."""

import json
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from gateway import problems
from gateway.problems import Problem, invalid_body, kafka_unavailable
from schemas.filings import FilingSubmitted


async def _answer_to(error: Exception, path: str = "/", method: str = "GET") -> httpx.Response:
    app = FastAPI()
    problems.register(app)

    @app.get("/")
    @app.delete("/")
    async def _raise() -> None:
        raise error

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.request(method, path)


def _document(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = dict(answer.json())
    assert document["status"] == answer.status_code
    assert {"type", "title", "status", "detail"} <= set(document)
    return document


def _refusal(body: bytes) -> Problem:
    with pytest.raises(ValidationError) as refused:
        FilingSubmitted.model_validate_json(body)
    return invalid_body(refused.value)


async def test_a_problem_tells_machines_its_type_and_people_what_to_do() -> None:
    answer = await _answer_to(
        Problem(HTTPStatus.FORBIDDEN, "tier_too_low", "Ask for a key.", headers={"X-A": "1"}, key="k")
    )
    assert answer.headers["x-a"] == "1"
    assert _document(answer) == {
        "type": "urn:sigmak:problem:tier_too_low",
        "title": "Forbidden",
        "status": 403,
        "detail": "Ask for a key.",
        "key": "k",
    }


async def test_an_unknown_path_and_a_wrong_method_are_problems_too() -> None:
    unused = RuntimeError("unused")
    assert _document(await _answer_to(unused, "/nowhere"))["type"] == "urn:sigmak:problem:not_found"
    wrong_method = await _answer_to(unused, method="POST")
    assert _document(wrong_method)["type"] == "urn:sigmak:problem:method_not_allowed"
    assert wrong_method.headers["allow"] == "DELETE, GET"


async def test_a_fault_of_ours_is_a_500_without_inner_detail() -> None:
    answer = await _answer_to(RuntimeError("the filing says: secret"))
    assert _document(answer)["type"] == "urn:sigmak:problem:internal_error"
    assert "secret" not in answer.text


async def test_kafka_away_says_when_to_come_again() -> None:
    answer = await _answer_to(kafka_unavailable("Kafka is away.", task_id="1"))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert _document(answer)["task_id"] == "1"


def test_what_is_not_json_is_a_bad_request() -> None:
    assert (problem := _refusal(b"{")).status == HTTPStatus.BAD_REQUEST
    assert problem.type == "not_json"


def test_every_field_at_fault_is_named_once_with_a_message() -> None:
    problem = _refusal(b'{"ticker": "lower", "filing_year": 1, "html_content": "x"}')
    assert problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert problem.detail == "Not valid: filing_year, ticker."
    assert [set(error) for error in problem.members["errors"]] == [{"field", "message"}] * 2


def test_a_fault_of_the_whole_body_is_named_body() -> None:
    assert [error["field"] for error in _refusal(b"[]").members["errors"]] == ["body"]


SECRET = "words-of-a-document"


@pytest.mark.parametrize(
    "body",
    [
        '{{"ticker": "lower", "filing_year": 2024, "html_content": "{secret}"}}',
        '{{"ticker": "{secret}", "filing_year": 2024, "html_content": "x"}}',
        '{{"ticker": "ACME", "filing_year": "{secret}", "html_content": ["{secret}"]}}',
        '{{"ticker": "ACME", "filing_year": 2024, "html_content": "{secret}", "html_path": "/{secret}"}}',
        '{{"ticker": "ACME", "filing_year": 2024, "html_content": "{secret}", "form": "{secret}", "action": "{secret}"}}',
        '{{"html_content": "{secret}',
        '"{secret}"',
        "{secret}",
    ],
)
def test_a_refusal_never_repeats_the_input(body: str) -> None:
    assert SECRET.encode() not in _refusal(body.format(secret=SECRET).encode()).response().body


def test_an_answer_names_twenty_errors_within_8_kb_whatever_the_fields_are_called() -> None:
    for sign in ('"', "\\", "\x00", "é", "\U0001f600", "a"):
        body = json.dumps({sign * (100 + number): number for number in range(500)}).encode()
        problem = _refusal(body)
        assert len(problem.members["errors"]) == 20
        assert problem.detail.endswith("more.")
        assert len(problem.response().body) < 8_000
