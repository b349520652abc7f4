"""Documents that are no filings: each ends in FAILURE with a clear message, and the worker lives on."""

from pathlib import Path

import pytest

from tests.system.parts import Gateway, System, Worker


@pytest.fixture
def parts(system: System) -> tuple[Gateway, Worker]:
    roots = f'["{system.folder}"]'
    return system.gateway(document_roots=roots), system.worker("real", document_roots=roots)


_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(range(256)) * 40


def test_what_is_no_filing_fails_with_a_clear_message_and_the_worker_goes_on(
    parts: tuple[Gateway, Worker], tmp_path: Path
) -> None:
    gateway, worker = parts
    (tmp_path / "picture.jpg").write_bytes(_JPEG)
    nested = "<div>" * 30_000 + "x" + "</div>" * 30_000
    cases = {
        gateway.submit(html_content=""): "empty_document",
        gateway.submit(html_path=str(tmp_path / "picture.jpg")): "not_a_filing",
        gateway.submit(html_path=str(tmp_path / "missing.html")): "document_not_found",
        gateway.submit(html_content=nested): "too_deeply_nested",
        gateway.submit(html_content="<html><body><p>A letter to our owners.</p></body></html>"):
            "no_risk_factors_section",
    }  # fmt: skip
    for task_id, error_type in cases.items():
        ended = gateway.ended(task_id, within=60)
        assert (ended["status"], ended["error"]["type"]) == ("FAILURE", error_type)
        assert ended["error"]["message"].endswith((".", "?"))
    assert worker.process.running
