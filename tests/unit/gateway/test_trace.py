"""W3C Trace Context: a caller's trace goes on, and anything else begins a new one."""

import pytest

from gateway.trace import traceparent_of
from tests.unit.examples import TRACEPARENT


def _is_valid(traceparent: str) -> bool:
    version, trace, parent, flags = traceparent.split("-")
    return (
        (version, flags) == ("00", "01")
        and int(trace, 16) > 0 < int(parent, 16)
        and (len(trace), len(parent)) == (32, 16)
    )


def test_the_callers_trace_goes_on() -> None:
    assert traceparent_of({"traceparent": TRACEPARENT}) == TRACEPARENT


def test_without_one_each_request_begins_a_trace_of_its_own() -> None:
    made = [traceparent_of({}) for _ in range(100)]
    assert all(_is_valid(each) for each in made)
    assert len(set(made)) == 100


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        TRACEPARENT.upper(),
        TRACEPARENT + "-more",
        TRACEPARENT + "\n",
        "ff" + TRACEPARENT[2:],
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "x" * 10_000,
    ],
)
def test_what_is_not_valid_is_replaced(given: str) -> None:
    replaced = traceparent_of({"traceparent": given})
    assert replaced != given
    assert _is_valid(replaced)
