"""py-spy's stacks as shares."""

from benchmarks.rig.profile import Profile

STACKS = [
    "run (asyncio/base_events.py:640);process (streams/filing_life.py:85);send (aiokafka/producer.py:10) 6",
    "run (asyncio/base_events.py:640);process (streams/filing_life.py:90) 3",
    "run (threading.py:975) 1",
]


def test_a_sample_belongs_to_the_owner_of_its_innermost_frame() -> None:
    assert Profile.from_stacks(STACKS).by_owner == {"aiokafka": 0.6, "streams": 0.3, "python": 0.1}


def test_a_call_of_ours_has_what_it_calls() -> None:
    assert Profile.from_stacks(STACKS).by_call == {"streams/filing_life.py process": 0.9}


def test_the_busy_share_is_of_one_core() -> None:
    assert Profile.from_stacks(STACKS).as_json(seconds=0.1)["busy"] == 0.5
