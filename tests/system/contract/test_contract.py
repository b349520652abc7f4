"""The gateway keeps its contract: what OpenAPI says, asked by schemathesis, and what docs/api.md shows, by running it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from gateway.keys import UNLIMITED, KeyLimits, Scope, add_key
from tests.system.parts import Gateway, System

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "api.md"
SEED = 20_261
_BOUNDED = 500
"""Far above what it takes: a machine that does much else is no breach of the contract."""
_IN_RESULT = ": result:"
_LASTING, _PASSING = ("type", "status", "state", "labels"), ("PENDING", "waiting")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract")


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Path, folder: Path) -> Iterator[System]:
    running = System(kafka, folder, analyses)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System, folder: Path) -> Gateway:
    """A gateway with a worker behind it that analyses nothing, and a key that may do everything."""
    gateway = system.gateway(document_roots=json.dumps([str(folder)]))
    _, gateway.key = add_key(system.keys, "all", tier="high", scopes=frozenset(get_args(Scope)), limits=UNLIMITED)
    system.worker("cancellable", worker_nice=0)
    return gateway


@pytest.mark.timeout(_BOUNDED + 100)
def test_schemathesis_finds_nothing(gateway: Gateway, folder: Path) -> None:
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{gateway.url}/openapi.json", "--header", f"X-API-Key: {gateway.key}", "--seed", str(SEED), "--continue-on-failure",
    ]  # fmt: skip
    variables = {"TEST_ALLOWED_PATH": str(folder / "filing.html"), "PYTHONPATH": str(ROOT)}
    outcome = subprocess.run(
        command,
        env={**os.environ, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_BOUNDED,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    [selected] = re.findall(r"Operations: +(\d+) selected / \1 total", outcome.stdout)
    assert int(selected) == sum(map(len, gateway.ask("GET", "/openapi.json").json()["paths"].values()))


@dataclass(frozen=True)
class Shown:
    """Commands of the page, and the answer that stands below them."""

    commands: str
    language: str
    statuses: list[int]
    answer: str


def _shown() -> list[Shown]:
    blocks = re.findall(
        r"^```sh\n(.*?)^```\n(?:\n[^`\n]+\n)?\n```(\w+) ([\d ]+)\n(.*?)^```$",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return [Shown(commands, language, [*map(int, codes.split())], text) for commands, language, codes, text in blocks]


def test_every_curl_of_the_page_has_an_answer_below_it() -> None:
    curls = re.findall(r"\bcurl -", PAGE.read_text())
    assert len(curls) == sum(len(re.findall(r"\bcurl -", shown.commands)) for shown in _shown()) > 10


def test_the_commands_of_the_page_answer_what_stands_below_them(
    gateway: Gateway, system: System, tmp_path: Path
) -> None:
    _, other = add_key(system.keys, "other")
    _, slow = add_key(system.keys, "slow", limits=KeyLimits(submissions_per_minute=1))
    keys = {"KEY": gateway.key, "OTHER_KEY": other, "SLOW_KEY": slow}
    # Told beside the answer, so that the commands run as they stand on the page.
    (tmp_path / ".curlrc").write_text('write-out = "%{stderr}%{http_code}\\n"\n')
    shown = _shown()
    script = "".join(
        f"{{ {each.commands} }} >{tmp_path}/{number}.out 2>{tmp_path}/{number}.status\n"
        for number, each in enumerate(shown)
    )
    environment = {**os.environ, **keys, "URL": gateway.url, "CURL_HOME": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run(["bash", "-c", script], env=environment, cwd=ROOT, timeout=_BOUNDED, check=True)
    for number, each in enumerate(shown):
        statuses = [int(line) for line in (tmp_path / f"{number}.status").read_text().split()]
        answer = (tmp_path / f"{number}.out").read_text()
        # Of a command that asks until something is so, the answers in between are as many as it takes.
        assert sorted(set(statuses)) == sorted(set(each.statuses)), f"{each.commands}\n{answer}"
        _compare(each, answer)


def _compare(shown: Shown, answer: str) -> None:
    if shown.language == "json":
        _holds(json.loads(shown.answer), json.loads(answer), shown.commands)
    else:
        for line in filter(None, shown.answer.splitlines()):
            name = re.match(r"[^:{]+", line)
            assert name is not None
            assert re.search(f"^{re.escape(name[0])}", answer, re.MULTILINE), (
                f"{shown.commands}: no {name[0]} in\n{answer}"
            )


def _holds(shown: Any, answered: Any, where: str) -> None:
    """What is shown is in the answer, name by name. Most values are of their time, and a result is that of no analysis."""
    if isinstance(shown, dict) and answered:
        assert isinstance(answered, dict), where
        for name, value in shown.items():
            assert name in answered, f"{where}: {name}"
            if name in _LASTING and value not in _PASSING:
                assert answered[name] == value, f"{where}: {name}"
            _holds(value, answered[name], f"{where}: {name}")
    elif isinstance(shown, list) and shown:
        assert answered or _IN_RESULT in where, f"{where} is empty"
        _holds(shown[0], answered[0] if answered else None, where)
    elif isinstance(shown, str | int | float) and answered is not None:
        assert isinstance(answered, str | int | float), where
