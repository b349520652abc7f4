"""What is asked of vegeta, and what its report is taken for."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.rig.vegeta import Load, LoadFailed, Target


def _report(**changes: Any) -> dict[str, Any]:
    """A report of vegeta 12.13, of a hundred requests."""
    return {
        "latencies": {
            "total": 217000000, "mean": 2170000, "50th": 1500000, "90th": 4000000, "95th": 5000000,
            "99th": 9250000, "max": 31000000, "min": 800000,
        },
        "bytes_in": {"total": 19400, "mean": 194}, "bytes_out": {"total": 0, "mean": 0},
        "earliest": "2026-11-24T17:30:00Z", "latest": "2026-11-24T17:30:01Z", "end": "2026-11-24T17:30:01.1Z",
        "duration": 1000000000, "wait": 2000000, "requests": 100, "rate": 100.0, "throughput": 99.8, "success": 1,
        "status_codes": {"202": 100}, "errors": [], **changes,
    }  # fmt: skip


def test_a_report_tells_milliseconds_and_answers_a_second() -> None:
    load = Load.from_report(_report())
    assert load == Load(requests=100, answers_a_second=99.8, p50_ms=1.5, p99_ms=9.25, max_ms=31.0)


def test_a_load_of_which_something_was_refused_counts_for_nothing() -> None:
    refused = _report(success=0.99, status_codes={"202": 99, "503": 1}, errors=["503 Service Unavailable"])
    with pytest.raises(LoadFailed, match="503"):
        Load.from_report(refused)


def test_a_target_has_its_headers_and_names_the_file_of_its_body() -> None:
    target = Target("POST", "http://127.0.0.1:8080/analyze", {"X-API-Key": "key"}, Path("/bodies/1"))
    assert target.as_text() == "POST http://127.0.0.1:8080/analyze\nX-API-Key: key\n@/bodies/1"


def test_a_target_without_a_body_names_none() -> None:
    assert Target("GET", "http://127.0.0.1:8080/tasks/1").as_text() == "GET http://127.0.0.1:8080/tasks/1"
