"""How many event streams a key may have open at a gateway."""

import contextlib

import pytest

from gateway.limits import Limits
from gateway.open_streams import OpenStreams
from gateway.problems import Problem
from tests.unit.examples import an_api_key

TWO = Limits(submissions_per_minute=None, max_body_bytes=1024, open_streams=2, waiting_tasks=None)
ANY = Limits(submissions_per_minute=None, max_body_bytes=1024, open_streams=None, waiting_tasks=None)


def test_a_key_may_have_as_many_open_as_its_limit_and_others_theirs() -> None:
    streams = OpenStreams()
    with contextlib.ExitStack() as open_:
        for _ in range(2):
            open_.enter_context(streams.one_more(an_api_key("key-1"), TWO))
        with pytest.raises(Problem) as refused:
            open_.enter_context(streams.one_more(an_api_key("key-1"), TWO))
        open_.enter_context(streams.one_more(an_api_key("key-2"), TWO))
    assert (refused.value.status, refused.value.type) == (429, "too_many_streams")
    assert int(refused.value.headers["Retry-After"]) > 0


def test_a_stream_that_ended_or_broke_makes_room_for_another() -> None:
    streams = OpenStreams()
    for _ in range(10):
        with contextlib.suppress(ConnectionError), streams.one_more(an_api_key(), TWO):
            raise ConnectionError


def test_an_unlimited_key_may_have_any_number_open() -> None:
    streams = OpenStreams()
    with contextlib.ExitStack() as open_:
        for _ in range(1000):
            open_.enter_context(streams.one_more(an_api_key(), ANY))
