"""The `sigmak` command as people and scripts use it."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from ops.local.process import Process
from schemas.risks import RiskAssessment
from schemas.topics import RISKS, TASKS
from tests.system.parts import System, delete_topic, header, records
from tests.waiting import eventually

_FILINGS = sorted((Path(__file__).parents[2] / "ops" / "demo" / "filings").glob("*.html"))


def sigmak(*arguments: object, stdin: bytes = b"", **variables: object) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    command = [sys.executable, "-m", "ops.main", *map(str, arguments)]
    return subprocess.run(command, input=stdin, env=environment, capture_output=True, timeout=120, check=False)


def _json(outcome: subprocess.CompletedProcess[bytes]) -> Any:
    assert outcome.returncode == 0, outcome.stderr.decode()
    return json.loads(outcome.stdout)


class TestExtract:
    """No server, only the reading."""

    def test_prints_one_json_document_a_file(self) -> None:
        outcome = sigmak("extract", *_FILINGS, "--json")
        found = [json.loads(line) for line in outcome.stdout.splitlines()]
        assert [each["file"] for each in found] == list(map(str, _FILINGS))
        for each in found:
            assert (each["status"], each["form"]) == ("found", "10-K")
            assert len(each["risk_factors"]) >= 14
            for factor in each["risk_factors"]:
                assert factor["heading"] in each["text"][factor["start"] : factor["end"]]

    def test_reads_gzip_and_standard_input_alike(self, tmp_path: Path) -> None:
        packed = tmp_path / "filing.html.gz"
        packed.write_bytes(gzip.compress(_FILINGS[0].read_bytes()))
        from_file = _json(sigmak("extract", packed, "--json"))
        from_input = _json(sigmak("extract", "-", "--json", stdin=packed.read_bytes()))
        assert from_file["text"] == from_input["text"] == _json(sigmak("extract", _FILINGS[0], "--json"))["text"]

    def test_what_is_no_filing_is_an_error_of_exit_code_1(self, tmp_path: Path) -> None:
        (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
        outcome = sigmak("extract", tmp_path / "picture.jpg", tmp_path / "missing.htm", "--json")
        assert outcome.returncode == 1
        types = [json.loads(line)["error"]["type"] for line in outcome.stdout.splitlines()]
        assert types == ["not_a_filing", "document_not_found"]


class TestScore:
    """No server, the whole analysis."""

    def test_compares_with_the_history_it_is_given(self) -> None:
        earlier, later = _FILINGS
        year = int(later.stem.partition("_")[2])
        scored = _json(
            sigmak("score", later, "--ticker", "DEMO", "--year", year, "--history", f"{earlier}:{year - 1}", "--json")
        )
        assessment = RiskAssessment.model_validate(scored)
        assert assessment.compared_with == (year - 1,)
        assert {risk.novelty.kind for risk in assessment.risks} == {"carried", "revised", "new"}

    def test_relates_amounts_to_the_size_it_is_given(self) -> None:
        arguments = ("--ticker", "DEMO", "--year", 2024, "--json")
        by_revenue = sigmak("score", _FILINGS[1], *arguments, "--revenue-usd", "2e9", "--market-value-usd", "5e9")
        assert "% of revenue)" in by_revenue.stdout.decode()
        by_value = sigmak("score", _FILINGS[1], *arguments, "--market-value-usd", 5_000_000_000)
        assert "% of market value)" in by_value.stdout.decode()
        assert "% of revenue)" not in by_value.stdout.decode()

    @pytest.mark.parametrize("dollars", ["0", "-5", "nan", "1e15", "much"])
    def test_a_size_that_is_none_is_a_usage_error(self, dollars: str) -> None:
        outcome = sigmak("score", _FILINGS[1], "--ticker", "DEMO", "--year", 2024, "--revenue-usd", dollars)
        assert outcome.returncode == 2
        assert "--revenue-usd" in outcome.stderr.decode()

    def test_without_history_every_novelty_is_unknown(self) -> None:
        assessment = RiskAssessment.model_validate(
            _json(sigmak("score", _FILINGS[0], "--ticker", "DEMO", "--year", 2023, "--json"))
        )
        assert {(risk.novelty.kind, risk.novelty.value) for risk in assessment.risks} == {("first", None)}


class TestTopics:
    """The catalogue against the broker."""

    def test_check_names_what_is_missing_and_apply_mends_it(self, own_kafka: Any) -> None:
        where = {"SIGMAK_KAFKA_BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers, "SIGMAK_PARTITIONS": 4}
        assert sigmak("topics", "check", **where).returncode == 0
        delete_topic(own_kafka.bootstrap_servers, TASKS)
        outcome = sigmak("topics", "check", **where)
        assert outcome.returncode == 1
        assert f"{TASKS}: is missing" in outcome.stdout.decode()
        eventually(lambda: sigmak("topics", "apply", **where).returncode == 0, within=30, what="the topics applied")
        eventually(lambda: sigmak("topics", "check", **where).returncode == 0, within=30, what="the topics right")
        assert sigmak("topics", "check", **{**where, "SIGMAK_PARTITIONS": 5}).returncode == 1

    def test_without_a_broker_the_exit_code_is_3(self) -> None:
        outcome = sigmak("topics", "check", SIGMAK_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
        assert outcome.returncode == 3
        assert b"no Kafka broker answers at 127.0.0.1:1" in outcome.stderr


def test_a_new_key_is_printed_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    outcome = sigmak("keys", "new", "somebody", "--file", tmp_path / "keys.json")
    key = outcome.stdout.decode().strip()
    assert key.startswith("sigmak_")
    assert key not in (tmp_path / "keys.json").read_text()
    assert "somebody" in (tmp_path / "keys.json").read_text()


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [("gateway", "SIGMAK_PORT", "many"), ("worker", "SIGMAK_DRAIN_SECONDS", "-1"), ("worker", "SIGMAK_ANALYSIS", "x")],
)
def test_a_bad_setting_stops_the_start_with_its_name(command: str, variable: str, value: str) -> None:
    outcome = sigmak(command, **{variable: value, "SIGMAK_API_KEYS_FILE": "/nowhere"})
    assert outcome.returncode == 2
    assert variable in outcome.stderr.decode()


def test_analyze_without_a_gateway_has_exit_code_3() -> None:
    arguments = ("--ticker", "DEMO", "--year", 2024, "--url", "http://127.0.0.1:1", "--api-key", "x")
    outcome = sigmak("analyze", _FILINGS[0], *arguments)
    assert outcome.returncode == 3
    assert b"no gateway answers" in outcome.stderr


def test_several_workers_of_one_command_share_the_work_and_stop_together(system: System) -> None:
    gateway = system.gateway()
    worker = system.worker("empty", processes=2)
    tasks = [gateway.submit(ticker=f"MANY{number}") for number in range(20)]
    assert {gateway.ended(task)["status"] for task in tasks} == {"SUCCESS"}
    worker.terminate()
    assert worker.process.ended_within(30)
    assert worker.process.ending() == "ended with exit code 0"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, dict[str, Any]]]:
    """`sigmak up --json` and what it said."""
    folder = tmp_path_factory.mktemp("up")
    command = [sys.executable, "-m", "ops.main", "up", "--json", "--port", "0", "--data", str(folder / "data")]
    process = Process("up", command, log=folder / "up.log", env={"SIGMAK_KAFKA_BOOTSTRAP_SERVERS": ""})
    process.start()
    process.wait_until_ready(lambda: bool(_json_lines(process)), within=150)
    [said] = _json_lines(process)
    yield process, json.loads(said)
    process.kill()


def _json_lines(process: Process) -> list[str]:
    # The log holds standard error too.
    return [line for line in process.output().splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]


class TestUp:
    """The whole local stack, with the real analysis and the bundled filings."""

    def test_says_in_one_line_where_everything_is(self, stack: tuple[Process, dict[str, Any]]) -> None:
        _, facts = stack
        assert set(facts) == {"urls", "api_key", "kafka", "pids"}
        assert {part: len(pids) for part, pids in facts["pids"].items()} == {
            "kafka": 1, "gateways": 1, "workers": 2, "followers": 3,
        }  # fmt: skip
        assert AdminClient({"bootstrap.servers": facts["kafka"]}).list_topics(timeout=10).topics[RISKS].partitions

    def test_two_years_of_a_company_go_through_and_the_later_is_compared_with_the_earlier(
        self, stack: tuple[Process, dict[str, Any]]
    ) -> None:
        _, facts = stack
        assessments = []
        for filing in _FILINGS:
            ticker, _, year = filing.stem.partition("_")
            arguments = ("--ticker", ticker, "--year", year, "--url", facts["urls"][0], "--json", "--top", 50)
            given = ("--market-value-usd", "5e9")
            status = _json(sigmak("analyze", filing, *arguments, *given, SIGMAK_API_KEY=facts["api_key"]))
            assert status["status"] == "SUCCESS"
            assert "% of market value)" in json.dumps(status["result"])
            assessments.append(RiskAssessment.model_validate(status["result"]))
            published = [each for each in records(facts["kafka"], RISKS) if header(each, "ce_id") == status["task_id"]]
            [whole] = [RiskAssessment.model_validate_json(each.value()) for each in published]
            assert whole.totals.risk_factors == len(whole.risks) == assessments[-1].totals.risk_factors
        earlier, later = assessments
        assert earlier.compared_with == ()
        assert later.compared_with == (earlier.filing_year,)
        assert {risk.novelty.kind for risk in later.risks} == {"carried", "revised", "new"}
        assert [risk.severity.value for risk in later.risks] == sorted(
            (risk.severity.value for risk in later.risks), reverse=True
        )

    def test_a_failed_task_has_exit_code_1_and_says_why(
        self, stack: tuple[Process, dict[str, Any]], tmp_path: Path
    ) -> None:
        _, facts = stack
        (tmp_path / "letter.html").write_text("<html><body><p>A letter.</p></body></html>")
        arguments = ("--ticker", "NONE", "--year", 2024, "--url", facts["urls"][0])
        outcome = sigmak("analyze", tmp_path / "letter.html", *arguments, SIGMAK_API_KEY=facts["api_key"])
        assert outcome.returncode == 1
        assert b"no_risk_factors_section" in outcome.stderr

    def test_stops_everything_it_started_on_a_signal(self, stack: tuple[Process, dict[str, Any]]) -> None:
        process, facts = stack
        os.kill(process.pid, signal.SIGTERM)
        assert process.ended_within(60)
        assert process.ending() == "ended with exit code 0"
        assert not [pid for pids in facts["pids"].values() for pid in pids if Path(f"/proc/{pid}").exists()]
