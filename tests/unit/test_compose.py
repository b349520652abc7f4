"""The container files name nothing that the code does not have; no container engine is needed to tell."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from prometheus_client import CollectorRegistry
from typer.main import get_command

from gateway.routes import probes
from gateway.settings import GatewaySettings
from ops.local.kafka_config import Listeners, broker_settings
from ops.local.kafka_jars import KAFKA_VERSION
from ops.local.weaviate_program import WEAVIATE_VERSION
from ops.main import app
from streams.probes import probe_app
from streams.settings import FollowerSettings, WebhookSenderSettings, WorkerSettings
from transport.settings import KafkaSettings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.kafka.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
SETTINGS: dict[str, type[KafkaSettings]] = {
    "topics": KafkaSettings,
    "gateway": GatewaySettings,
    "worker": WorkerSettings,
    "forwarder": FollowerSettings,
    "janitor": FollowerSettings,
    "webhooks": WebhookSenderSettings,
    "store": WorkerSettings,
}
"""What each of our services reads."""


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_container_has_capabilities_or_can_gain_privileges(service: str) -> None:
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]


each_of_ours = pytest.mark.parametrize("service", sorted(SETTINGS))


def _environment(service: str) -> dict[str, str]:
    """The service's variables where nobody sets those that it takes from outside."""
    environment = SERVICES[service]["environment"]
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in environment.items()}


def _settings(service: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in _environment(service).items():
        monkeypatch.setenv(name, value)
    return SETTINGS[service]()


def _health_url(service: str) -> str:
    found = re.search(r"http://[^'\s]+", " ".join(SERVICES[service]["healthcheck"]["test"]))
    assert found is not None
    return found[0]


def _grace(service: str) -> int:
    return int(str(SERVICES[service]["stop_grace_period"]).removesuffix("s"))


def test_the_file_is_valid_by_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_our_services_are_those_of_our_image() -> None:
    assert {name for name, service in SERVICES.items() if service["image"] == "sigmak-streams"} == set(SETTINGS)


@each_of_ours
def test_every_command_is_one_of_sigmaks(service: str) -> None:
    command = get_command(app)
    for word in SERVICES[service]["command"]:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert getattr(command, "invoke_without_command", True), "a group of commands, not a command"


@each_of_ours
def test_every_variable_is_a_setting_of_the_command_with_a_valid_value(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {f"SIGMAK_{name.upper()}" for name in SETTINGS[service].model_fields}
    assert set(_environment(service)) <= known
    _settings(service, monkeypatch)


@each_of_ours
def test_a_part_finds_kafka_at_its_advertised_address(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert advertised == f"CLIENTS://{_settings(service, monkeypatch).kafka_bootstrap_servers}"


def test_the_gateway_is_asked_for_its_health_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, url = _settings("gateway", monkeypatch), urlsplit(_health_url("gateway"))
    assert url.port == settings.port
    assert url.path in {route.path for route in probes.router.routes}  # type: ignore[attr-defined]


def test_a_worker_is_asked_for_its_health_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, url = _settings("worker", monkeypatch), urlsplit(_health_url("worker"))
    answering = probe_app(reasons=list, registry=CollectorRegistry())
    assert url.path in {resource.canonical for resource in answering.router.resources()}
    assert (url.hostname, url.port) == (settings.worker_probe_host, settings.worker_probe_port)


def test_the_published_port_is_the_gateways_and_of_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings("gateway", monkeypatch)
    [published] = SERVICES["gateway"]["ports"]
    assert published.startswith("127.0.0.1:")
    assert published.endswith(f":{settings.port}")
    assert settings.host == "0.0.0.0"
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["gateway"]


def test_who_is_waited_for_can_fulfil_it() -> None:
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for {other}'s health"
            else:
                assert SERVICES[other]["restart"].startswith("on-failure"), f"{name} waits for {other}'s end"


def test_a_service_of_a_profile_is_no_ones_condition_outside_of_it() -> None:
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            outside = "profiles" in SERVICES[other] and "profiles" not in service
            assert wanted.get("required", True) is not outside, f"{name} on {other}"


def test_what_a_part_keeps_is_on_a_volume_that_its_user_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    made = set(re.findall(r"/data/[\w-]+", DOCKERFILE))
    kept = {
        "gateway": {_settings("gateway", monkeypatch).status_table_dir},
        "worker": {(worker := _settings("worker", monkeypatch)).worker_dir, worker.store_dir}
        | {worker.vector_cache.parent},
        "webhooks": {_settings("webhooks", monkeypatch).webhook_secrets_file.parent},
    }
    for service, folders in kept.items():
        mounted = {volume.rpartition(":")[2] for volume in SERVICES[service]["volumes"] if not volume.endswith(":ro")}
        assert mounted == {str(folder) for folder in folders}
        assert mounted <= made


def test_no_two_workers_share_a_folder_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(_settings("worker", monkeypatch).worker_dir) in SERVICES["worker"]["volumes"]
    assert "container_name" not in SERVICES["worker"]


def test_every_named_volume_is_declared_and_used() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert {name for name in used if not name.startswith(("/", "$"))} == set(COMPOSE["volumes"])


def test_a_worker_has_the_time_that_it_takes_to_finish_a_filing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _grace("worker") > _settings("worker", monkeypatch).drain_seconds


def _mounted_keys() -> str:
    [volume] = [str(volume) for volume in SERVICES["gateway"]["volumes"] if "SIGMAK_API_KEYS_DIR" in volume]
    return volume


def test_no_secret_has_a_default() -> None:
    assert _mounted_keys().startswith("${SIGMAK_API_KEYS_DIR:?")
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items():
            if re.search(r"_KEYS?$|PASSWORD|SECRET(?!S_FILE)|TOKEN", variable):
                assert re.fullmatch(r"\$\{\w+:-\}", str(value)), f"{variable} of {name}"


def test_the_gateway_reads_the_keys_from_a_folder_that_is_mounted_since_their_file_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = _settings("gateway", monkeypatch).api_keys_file.parent
    assert _mounted_keys().endswith(f":{folder}:ro")


def test_the_gateway_reads_the_signing_secrets_in_the_folder_where_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = _settings("webhooks", monkeypatch).webhook_secrets_file
    assert _settings("gateway", monkeypatch).webhook_secrets_file == file
    [made_in] = SERVICES["webhooks"]["volumes"]
    assert made_in.endswith(f":{file.parent}")
    assert f"{made_in}:ro" in SERVICES["gateway"]["volumes"]


def test_the_servers_are_of_the_versions_that_the_tests_run_against() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert SERVICES["weaviate"]["image"] == f"semitechnologies/weaviate:{WEAVIATE_VERSION}"


def test_kafka_is_told_nothing_that_a_local_kafka_is_not() -> None:
    addresses = {1: Listeners("kafka:9092", "localhost:9093")}
    known = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in broker_settings(1, addresses).items()}
    differing = {
        "KAFKA_LISTENERS": "CLIENTS://:9092,CONTROLLERS://localhost:9093",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
    }
    told = SERVICES["kafka"]["environment"]
    assert told.items() <= (known | differing).items()


def test_the_image_does_not_run_as_root() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\w+)$", last_stage, re.MULTILINE) == ["sigmak"]


def test_the_image_holds_all_rooms_and_is_built_with_the_same_uv() -> None:
    uv_version = re.search(r"^UV_VERSION := (.+)$", MAKEFILE, re.MULTILINE)
    assert uv_version is not None
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"]
    assert re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE) == rooms
    assert f"UV_VERSION={uv_version[1]}\n" in DOCKERFILE


def test_what_the_image_copies_is_sent_to_the_builder() -> None:
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    copied = [
        line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    assert {name for names in copied for name in names} == sent
    assert all((ROOT / name).exists() for name in sent)


def test_the_conversion_that_the_image_runs_is_there() -> None:
    [code] = re.findall(r'python -c "([^"]+)"', DOCKERFILE)
    imports = code.partition(";")[0]
    exec(imports, {})
