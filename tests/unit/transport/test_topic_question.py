"""Who waits for the topics is told why, whatever a broker answers, and may ask again."""

import logging

import pytest

from tests.unit.refusing_admin import NO_RIGHT, no_right, refusing
from transport.topic_question import TopicQuestion
from transport.topics import KafkaUnreachable


@pytest.mark.parametrize(
    ("error", "reason"), [(no_right(), NO_RIGHT), (KafkaUnreachable("no broker answers"), "no broker answers")]
)
async def test_until_a_broker_tells_the_answer_is_the_reason(error: Exception, reason: str) -> None:
    question = TopicQuestion(refusing([error]), [])
    assert await question.ask() == reason
    assert await question.ask() == []


async def test_a_refusal_is_logged_once_however_often_it_comes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    question = TopicQuestion(refusing([no_right(), KafkaUnreachable("no broker answers"), no_right()]), [])
    for _ in range(4):
        await question.ask()
    assert [record.getMessage() for record in caplog.records] == [
        f"the topics can't be checked yet, and are asked for again and again: {NO_RIGHT}"
    ]
