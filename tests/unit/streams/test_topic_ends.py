"""Up to which moment a topic is known."""

from datetime import timedelta

import pytest

from streams.topic_ends import TopicEnds
from tests.unit.examples import NOON

LATER = NOON + timedelta(seconds=1)


@pytest.fixture
def topic() -> TopicEnds:
    return TopicEnds()


def test_a_topic_whose_ends_were_not_told_is_not_known(topic: TopicEnds) -> None:
    topic.read_to(0, 7)
    assert topic.passed() is None


def test_it_is_known_until_the_moment_of_the_ends_when_each_partition_was_read_to_its_own(topic: TopicEnds) -> None:
    topic.ended(NOON, {0: 7, 1: 3})
    topic.read_to(0, 7)
    assert topic.passed() is None
    topic.read_to(1, 3)
    assert topic.passed() == NOON


def test_what_comes_behind_the_ends_puts_nothing_off(topic: TopicEnds) -> None:
    topic.ended(NOON, {0: 7, 1: 3})
    for offset in range(8, 20):
        topic.read_to(0, offset)
    assert topic.passed() is None
    topic.read_to(1, 4)
    assert topic.passed() == NOON


def test_what_was_read_before_the_ends_were_told_counts(topic: TopicEnds) -> None:
    topic.read_to(0, 7)
    topic.ended(NOON, {0: 7})
    assert topic.passed() == NOON


def test_a_partition_that_never_held_a_record_needs_no_word(topic: TopicEnds) -> None:
    topic.ended(NOON, {0: 0})
    assert topic.passed() == NOON


def test_a_moment_is_told_once(topic: TopicEnds) -> None:
    topic.ended(NOON, {0: 0})
    assert topic.unpassed
    topic.passed()
    assert topic.passed() is None
    assert not topic.unpassed


def test_later_ends_take_the_place_of_those_that_were_not_passed(topic: TopicEnds) -> None:
    topic.ended(NOON, {0: 1000})
    topic.ended(LATER, {0: 7})
    topic.read_to(0, 7)
    assert topic.passed() == LATER


def test_a_topic_that_was_made_anew_is_not_known_before_it_was_read_from_its_beginning(topic: TopicEnds) -> None:
    topic.read_to(0, 1000)
    topic.ended(NOON, {0: 7})
    assert topic.passed() is None
    topic.read_to(0, 7)
    topic.ended(LATER, {0: 7})
    assert topic.passed() == LATER
