"""Which limits count for a key: its own, else the gateway's."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.keys import UNLIMITED, KeyLimits
from gateway.limits import Limits
from gateway.settings import GatewaySettings
from tests.unit.examples import an_api_key


def _settings(**changes: object) -> GatewaySettings:
    return GatewaySettings.model_validate({"api_keys_file": Path("keys.json"), **changes})


def test_a_key_without_limits_of_its_own_has_those_of_the_gateway() -> None:
    settings = _settings(submissions_per_minute=7, waiting_tasks="unlimited", open_streams=3, max_body_bytes=2000)
    assert Limits.of(an_api_key(), settings) == Limits(7, 2000, 3, None)


def test_a_keys_own_limits_go_before_those_of_the_gateway_lower_or_higher() -> None:
    own = KeyLimits(submissions_per_minute=100, max_body_bytes=5000, open_streams=1, waiting_tasks=2)
    settings = _settings(submissions_per_minute=7, waiting_tasks=5, open_streams=3, max_body_bytes=2000)
    assert Limits.of(an_api_key(limits=own), settings) == Limits(100, 5000, 1, 2)


def test_an_unlimited_key_still_has_the_gateways_limit_of_a_body() -> None:
    assert Limits.of(an_api_key(limits=UNLIMITED), _settings(max_body_bytes=2000)) == Limits(None, 2000, None, None)


def test_no_keys_body_may_be_larger_than_a_bodys_share_of_the_room() -> None:
    own = KeyLimits(max_body_bytes=50_000)
    settings = _settings(max_bodies_bytes=9000, max_body_bytes=2000, max_batch_bytes=2000)
    assert Limits.of(an_api_key(limits=own), settings).max_body_bytes == 6000


def test_a_gateway_whose_bodies_could_never_be_read_does_not_start() -> None:
    with pytest.raises(ValidationError, match="SIGMAK_MAX_BODY_BYTES"):
        _settings(max_bodies_bytes=6000, max_body_bytes=2001, max_batch_bytes=4000)
    with pytest.raises(ValidationError, match="SIGMAK_MAX_BATCH_BYTES"):
        _settings(max_bodies_bytes=6000, max_body_bytes=2000, max_batch_bytes=4001)
    _settings(max_bodies_bytes=6000, max_body_bytes=2000, max_batch_bytes=4000)


def test_ten_submissions_a_minute_are_the_default() -> None:
    assert Limits.of(an_api_key(), _settings()).submissions_per_minute == 10
