"""What `sigmak up` says when it is ready."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ops.commands.up import _announce

SECRET = "whsec_of-a-test"


def said(capsys: pytest.CaptureFixture[str], *, secret: str | None, json: bool) -> str:
    stack = SimpleNamespace(urls=["http://g"], kafka=SimpleNamespace(bootstrap_servers="k"), pids={})
    system: Any = SimpleNamespace(stack=stack, api_key="sigmak_key", logs="logs")
    _announce(system, secret=secret, json=json)
    return capsys.readouterr().out


@pytest.mark.parametrize("as_json", [True, False])
def test_what_signs_webhooks_is_said_only_when_asked_for(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert SECRET in said(capsys, secret=SECRET, json=as_json)
    assert "secret" not in said(capsys, secret=None, json=as_json)


def test_as_json_it_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = said(capsys, secret=SECRET, json=True).splitlines()
    assert json.loads(line)["webhook_secret"] == SECRET
