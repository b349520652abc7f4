"""What OpenAPI says of the gateway is whole, and its examples are what the models say."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gateway.api_description import EXAMPLES
from gateway.app import Gateway
from gateway.batches.batch_view import BatchCounts, BatchView
from gateway.keys import add_key
from gateway.problem_types import PROBLEM_TYPES
from gateway.problems import MEDIA_TYPE, ProblemDocument
from gateway.routes.batch_submissions import BatchAccepted
from gateway.routes.batches import CancellingBatch
from gateway.routes.listing import TaskList
from gateway.routes.probes import Health, Ready
from gateway.routes.submissions import Accepted
from gateway.settings import GatewaySettings
from gateway.submission_body import AnalyzeRequest, IndexRequest
from schemas.tasks import TaskStatus

PROBES = {"/live", "/ready", "/health", "/metrics"}
NOT_DESCRIBED = {"internal_error"}
"""A fault of ours is no part of the contract."""


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("gateway")
    add_key(folder / "keys.json", "somebody")
    gateway = Gateway(GatewaySettings(api_keys_file=folder / "keys.json", status_table_dir=folder / "table"))
    return gateway.app.openapi()


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, by_method in description["paths"].items():
        for operation in by_method.values():
            yield path, operation


def _contents(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of every request and response, and what it is, for a person."""
    for path, operation in _operations(description):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"request of {path}, {media_type}", content
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                yield f"{status} of {path}, {media_type}", content


def _examples(content: dict[str, Any]) -> list[Any]:
    return [each["value"] for each in content.get("examples", {}).values()] + [
        content[name] for name in ["example"] if name in content
    ]


def _described_values(content: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """What its examples show, and the schema of each."""
    for example in _examples(content):
        if "itemSchema" in content:
            yield from ((event, content["itemSchema"]) for event in _events(example))
        else:
            yield example, content["schema"]


def _events(stream: str) -> Iterator[dict[str, str]]:
    for block in stream.strip().split("\n\n"):
        if block != ":":
            yield dict(line.split(": ", 1) for line in block.splitlines())


def test_every_example_is_valid_by_the_schema_that_it_stands_beside(description: dict[str, Any]) -> None:
    checked = 0
    for where, content in _contents(description):
        for value, schema in _described_values(content):
            whole = {**schema, "components": description["components"]}
            try:
                jsonschema.validate(value, whole, cls=jsonschema.Draft202012Validator)
            except jsonschema.ValidationError as error:
                pytest.fail(f"{where}: {error.message}")
            checked += 1
    assert checked > 80


def test_every_body_but_that_of_live_and_metrics_has_an_example(description: dict[str, Any]) -> None:
    without = [where for where, content in _contents(description) if not _examples(content)]
    assert without == ["200 of /live, application/json", "200 of /metrics, text/plain"]


def test_every_operation_says_what_it_is_for_and_so_does_every_parameter(description: dict[str, Any]) -> None:
    for path, operation in _operations(description):
        assert operation["description"], path
        for parameter in operation.get("parameters", []):
            assert parameter["description"], f"{parameter['name']} of {path}"


def test_all_but_the_probes_need_a_key_and_say_what_is_told_without_a_valid_one(description: dict[str, Any]) -> None:
    for path, operation in _operations(description):
        if path in PROBES:
            assert "security" not in operation
        else:
            assert operation["security"] == [{"APIKeyHeader": []}]
            challenged = operation["responses"]["401"]
            assert challenged["headers"]["WWW-Authenticate"]["required"]
            assert {"no_valid_key", "key_expired", "key_revoked"} <= set(challenged["content"][MEDIA_TYPE]["examples"])


def test_errors_are_problem_documents_and_nothing_else(description: dict[str, Any]) -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(description["components"]["schemas"])
    for path, operation in _operations(description):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and path not in PROBES:
                assert list(response["content"]) == [MEDIA_TYPE], f"{status} of {path}"


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = set(re.findall(r"'#/components/schemas/(\w+)'", str(description)))
    assert references
    assert references <= set(description["components"]["schemas"])


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/analyze", ["/tasks/{task_id}", "/tasks/{task_id}/events", "/tasks/{task_id}"]),
        ("/index", ["/tasks/{task_id}", "/tasks/{task_id}/events", "/tasks/{task_id}"]),
        ("/batches", ["/batches/{batch_id}", "/batches/{batch_id}/events", "/batches/{batch_id}"]),
    ],
)
def test_what_is_accepted_leads_to_what_can_be_asked_of_it(
    description: dict[str, Any], path: str, asked: list[str]
) -> None:
    operations = {each["operationId"]: path for path, each in _operations(description)}
    links = description["paths"][path]["post"]["responses"]["202"]["links"]
    assert [operations[link["operationId"]] for link in links.values()] == asked


def test_an_answer_that_says_come_again_always_says_when(description: dict[str, Any]) -> None:
    for path, operation in _operations(description):
        for status in ("429", "503"):
            if status in operation["responses"] and path not in PROBES:
                assert operation["responses"][status]["headers"]["Retry-After"]["required"], f"{status} of {path}"


def _told_in_code() -> dict[str, HTTPStatus]:
    """Problem type -> status, as the gateway's code has them."""
    code = "\n".join(file.read_text() for file in Path("gateway").rglob("*.py"))
    found = {type_: HTTPStatus[name] for name, type_ in re.findall(r'Problem\(\s*HTTPStatus\.(\w+),\s*"(\w+)"', code)}
    found |= dict.fromkeys(re.findall(r'_refused\(\s*"(\w+)"', code), HTTPStatus.UNAUTHORIZED)
    return found


def test_every_problem_that_the_code_tells_is_described_with_its_status() -> None:
    described = {type_: each.status for type_, each in PROBLEM_TYPES.items()}
    assert {type_: status for type_, status in _told_in_code().items() if type_ not in NOT_DESCRIBED} == described


def test_every_problem_has_a_recorded_example() -> None:
    assert set(EXAMPLES["problems"]) == set(PROBLEM_TYPES)
    for type_, example in EXAMPLES["problems"].items():
        problem = ProblemDocument.model_validate(example)
        assert problem.type == f"urn:sigmak:problem:{type_}"
        assert problem.status == PROBLEM_TYPES[type_].status


def test_every_other_example_is_what_its_model_writes() -> None:
    for name in ("accepted", "cancelling"):
        assert Accepted.model_validate(EXAMPLES[name]).model_dump() == EXAMPLES[name]
    assert TaskList.model_validate(EXAMPLES["tasks"]).model_dump(mode="json") == EXAMPLES["tasks"]
    for model, name in ((BatchAccepted, "batch_accepted"), (BatchView, "batch"), (CancellingBatch, "batch_cancelling")):
        assert model.model_validate(EXAMPLES[name]).model_dump(mode="json") == EXAMPLES[name]
    assert Ready.model_validate(EXAMPLES["ready"]).status == "ready"
    assert Ready.model_validate(EXAMPLES["not_ready"]).reasons
    assert Health.model_validate(EXAMPLES["health"]).status == "ok"
    AnalyzeRequest.model_validate(EXAMPLES["analyze"])
    IndexRequest.model_validate(EXAMPLES["index"])
    streamed = [json.loads(event["data"]) for event in _events(EXAMPLES["events"])]
    assert len(streamed) > 1
    for status in [*EXAMPLES["statuses"].values(), *streamed]:
        assert TaskStatus.model_validate(status).model_dump(mode="json") == status
    *open_, ended = [json.loads(event["data"]) for event in _events(EXAMPLES["batch_events"])]
    assert BatchView.model_validate(ended).model_dump(mode="json") == ended
    assert open_
    for counts in open_:
        assert BatchCounts.model_validate(counts).model_dump(mode="json") == counts
