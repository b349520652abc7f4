"""Text from outside reaches the terminal through every command without what would steer it."""

import ast
import contextlib
import json
import logging
import re
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import typer

import ops
from ops.local.process import ServerDidNotStart
from ops.logs import PrintableFormatter
from ops.main import app, run
from ops.terminal import SafeConsole, printable, say, say_json
from schemas.envelope import CloudEvent
from schemas.events import risk_assessment, task_status, webhook_delivery
from schemas.risks import RiskTotals
from schemas.tasks import TaskError, TaskState
from schemas.topics import TASKS, WEBHOOKS
from streams.incoming import FilingRecord
from tests.unit.dead_letters.test_letters import DEATH, dead
from tests.unit.examples import NOON, TASK_ID, a_risk, a_status, an_assessment
from tests.unit.webhooks.examples import a_delivery

STEERING = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp\u2066\u200b\u2028\x7f\r"
HOSTILE = f"before{STEERING}[bold red]markup[/bold red] :smile: after"


def steers(output: str) -> list[str]:
    """The characters of an output that a terminal does not show."""
    return [
        each for each in output if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp", "Cs"} and each not in "\n\t"
    ]


# The one way out


@pytest.mark.parametrize("code", [0x00, 0x07, 0x0A, 0x0D, 0x1B, 0x7F, 0x85, 0x9B, 0x200B, 0x200E, 0x2028, 0x202E, 0x2066, 0xFEFF, 0xE0041, 0xD800])  # fmt: skip
def test_what_would_steer_a_terminal_or_end_the_line_is_an_escape(code: int) -> None:
    shown = printable(f"a{chr(code)}b")
    assert re.fullmatch(r"a\\(n|r|x\w\w|u\w{4}|U\w{8})b", shown)


def test_other_text_stays_as_it_is() -> None:
    assert printable("Größe, 株式会社, naïve — “quoted”\t§") == "Größe, 株式会社, naïve — “quoted”\t§"


def test_json_is_the_same_document_in_other_characters(capsys: pytest.CaptureFixture[str]) -> None:
    document = {HOSTILE: [HOSTILE, "\U000e0041", "é"]}
    say_json(json.dumps(document, ensure_ascii=False))
    printed = capsys.readouterr().out
    assert not steers(printed)
    assert json.loads(printed) == document


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\nforged: yes", "two")
    assert capsys.readouterr().out == "one\\nforged: yes\ntwo\n"


def test_a_table_shows_markup_and_steering_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    table = Table(box=None)
    table.add_column("name", no_wrap=True)
    table.add_row(HOSTILE)
    SafeConsole(soft_wrap=True, width=500).print(table)
    printed = capsys.readouterr().out
    assert not steers(printed)
    assert "[bold red]markup[/bold red] :smile: after" in printed


def test_a_log_record_is_one_line_and_its_traceback_keeps_its_own() -> None:
    try:
        int(HOSTILE)
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "said %s", (f"one\ntwo{HOSTILE}",), sys.exc_info())
    lines = PrintableFormatter("%(message)s").format(record).split("\n")
    assert not steers("".join(lines))
    assert lines[0].startswith("said one\\ntwobefore")
    assert lines[1].startswith("Traceback")


def test_nothing_in_ops_prints_by_another_way() -> None:
    others = []
    for file in Path(ops.__file__).parent.rglob("*.py"):
        if file.name == "terminal.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in {"print", "typer.echo", "click.echo", "typer.secho", "Console", "sys.stdout.write"}:
                others.append(f"{file.name}:{node.lineno} {called}")
    assert not others


# Every command


class Topic:
    """A topic's records, in the place of Kafka's."""

    records_: ClassVar[list[FilingRecord]] = []

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def records(self) -> Iterator[FilingRecord]:
        yield from self.records_

    def close(self) -> None: ...


def _event(topic: str, event: CloudEvent) -> FilingRecord:
    return FilingRecord(topic, 0, 0, NOON, b"k", event.data, event.headers())


def _letter() -> FilingRecord:
    return dead(death=replace(DEATH, type=HOSTILE, message=HOSTILE, exception=HOSTILE))


def _assessment() -> Any:
    risk = a_risk(heading=HOSTILE, section=HOSTILE, text=HOSTILE)
    return an_assessment(risk, totals=RiskTotals(risk_factors=1, shown=1))


class Commands:
    """Runs each command with hostile text in what it prints, and what it needs in the place of servers."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self._patch, self._folder = patch, folder
        self._keys = folder / "keys.json"

    def run(self, *arguments: str, **environment: str) -> None:
        for name, value in environment.items():
            self._patch.setenv(f"SIGMAK_{name.upper()}", value)
        self._patch.setattr(sys, "argv", ["sigmak", *arguments])
        with contextlib.suppress(SystemExit):
            run()

    def topic_of(self, *records: FilingRecord) -> None:
        self._patch.setattr(Topic, "records_", list(records))
        self._patch.setattr("ops.topic_records.TopicRecords", Topic)
        self._patch.setattr("ops.tail.TopicTail", Topic)

    def bad_setting(self, *arguments: str) -> None:
        """Where all that a command prints by itself is what is wrong with its settings."""
        self.run(*arguments, partitions=HOSTILE.replace("\0", ""))

    def document(self) -> str:
        body = f"We may fail {HOSTILE} and lose all of our customers in the coming year. " * 4
        file = self._folder / "filing.html"
        file.write_text(
            f"<p>Item 1A. Risk Factors</p><p><b>A fire {HOSTILE} could stop our plant.</b></p><p>{body}</p>"
            f"<p><b>We may lose {HOSTILE} customers.</b></p><p>{body}</p>"
            "<p>Item 1B. Unresolved Staff Comments</p><p>None.</p>"
        )
        return str(file)

    def extract(self) -> None:
        self.run("extract", self.document())
        self.run("extract", "--json", self.document())
        self.run("extract", f"/no/such/{HOSTILE}")

    def score(self) -> None:
        self._patch.setattr("ops.commands.score._assess", lambda *_, **__: _assessment(), raising=False)
        self.run("score", f"/no/such/{HOSTILE}", "--ticker", "A", "--year", "2024")
        from ops.report import print_assessment

        print_assessment(SafeConsole(), _assessment())

    def analyze(self) -> None:
        with _answering({"detail": HOSTILE, "errors": [{"field": HOSTILE, "message": HOSTILE}]}) as url:
            self.run("analyze", self.document(), "--ticker", "A", "--year", "2024", "--api-key", "k", "--url", url)

    def topics(self, name: str) -> None:
        class Admin:
            def __init__(self, *_: Any) -> None: ...
            def apply(self, _catalogue: Any) -> list[str]:
                return [HOSTILE]

            differences = apply

        self._patch.setattr("transport.topics.TopicAdmin", Admin)
        self.run("topics", name)

    def store(self, name: str) -> None:
        self.run("store", name, embedding_model=HOSTILE, vector_cache=str(self._folder / "vectors"))

    def keys_new(self) -> None:
        self.run("keys", "new", HOSTILE, "--file", str(self._keys))

    def keys_list(self) -> None:
        self.keys_new()
        self.run("keys", "list", "--file", str(self._keys))
        self.run("keys", "list", "--file", str(self._keys), "--json")

    def keys_revoke(self) -> None:
        self.keys_new()
        self.run("keys", "revoke", HOSTILE, "--file", str(self._keys))
        self.run("keys", "revoke", f"no {HOSTILE}", "--file", str(self._keys))

    def dead(self, *arguments: str) -> None:
        self.topic_of(_letter())
        self.run("dead", *arguments)
        self.run("dead", *arguments, "--json")

    def tail(self, name: str) -> None:
        error = TaskError(type="unavailable", message=HOSTILE)
        status = task_status(a_status(TaskState.FAILURE, error=error), source="/t", time=NOON, owner=None)
        assessment = risk_assessment(_assessment(), task_id=TASK_ID, source="/t", time=NOON, owner=None)
        self.topic_of(_event(TASKS, assessment if name == "risks" else status))
        self.run("tail", name)
        self.run("tail", name, "--json")

    def up(self) -> None:
        def failing(*_: Any, **__: Any) -> None:
            raise ServerDidNotStart(HOSTILE)

        self._patch.setattr("ops.local.system.LocalSystem", failing)
        self.run("up")

    def webhooks_secret(self) -> None:
        for _ in range(2):
            self.run("webhooks", "secret", HOSTILE, "--file", str(self._folder / "secrets.json"))

    def webhooks(self, *arguments: str) -> None:
        delivery = a_delivery(subject=HOSTILE)
        self.topic_of(_event(WEBHOOKS, webhook_delivery(delivery, source="/t", time=NOON)))
        self.run("webhooks", *arguments)


@contextlib.contextmanager
def _answering(problem: dict[str, Any]) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps(problem).encode()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


CASES: dict[str, Callable[[Commands], None]] = {
    **{
        name: (lambda commands, name=name: commands.bad_setting(name))
        for name in ("gateway", "worker", "forwarder", "janitor")
    },
    "up": Commands.up,
    "webhooks": lambda commands: commands.bad_setting("webhooks"),
    "webhooks list": lambda commands: commands.webhooks("list"),
    "webhooks resend": lambda commands: commands.webhooks("resend", f"no {HOSTILE}"),
    "webhooks secret": Commands.webhooks_secret,
    "analyze": Commands.analyze,
    "extract": Commands.extract,
    "score": Commands.score,
    "topics apply": lambda commands: commands.topics("apply"),
    "topics check": lambda commands: commands.topics("check"),
    "store init": lambda commands: commands.store("init"),
    "store check": lambda commands: commands.store("check"),
    "keys new": Commands.keys_new,
    "keys list": Commands.keys_list,
    "keys revoke": Commands.keys_revoke,
    "dead list": lambda commands: commands.dead("list"),
    "dead show": lambda commands: commands.dead("show", "2-5"),
    "dead redrive": lambda commands: commands.dead("redrive", f"no {HOSTILE}"),
    "tail risks": lambda commands: commands.tail("risks"),
    "tail tasks": lambda commands: commands.tail("tasks"),
    "embed-bench": lambda commands: commands.run("embed-bench", f"--no-such-{'option'}"),
}


def _names(group: Any, before: str = "") -> Iterator[str]:
    commands = getattr(group, "commands", {})
    if not commands or (before and group.invoke_without_command):
        yield before
    for name, command in commands.items():
        yield from _names(command, f"{before} {name}".strip())


def test_every_command_has_a_case() -> None:
    assert set(_names(typer.main.get_command(app))) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_no_command_prints_what_steers_a_terminal(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    CASES[name](Commands(monkeypatch, tmp_path))
    printed = capsys.readouterr()
    assert printed.out + printed.err
    assert not steers(printed.out + printed.err)
