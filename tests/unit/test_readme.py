"""The README tells the truth about settings and commands."""

from pathlib import Path

import pytest
from typer.main import get_command

from gateway.settings import GatewaySettings
from ops.main import app
from streams.settings import FollowerSettings, WebhookSenderSettings, WorkerSettings
from transport.settings import KafkaSettings

README = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.mark.parametrize(
    "kind", [KafkaSettings, GatewaySettings, WorkerSettings, FollowerSettings, WebhookSenderSettings]
)
def test_every_setting_stands_in_the_readme_with_its_description(kind: type[KafkaSettings]) -> None:
    for name, field in kind.model_fields.items():
        assert field.description, name
        assert f"| `SIGMAK_{name.upper()}` |" in README
        assert " ".join(field.description.split()) in README


def test_every_command_stands_in_the_readme() -> None:
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f"sigmak {name}" in README, name
