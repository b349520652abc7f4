"""Whether the topics are what a process may run on, asked before it begins."""

import asyncio
from collections.abc import Callable, Sequence

from schemas.topics import Topic
from transport.topic_question import TopicQuestion
from transport.topics import Difference, TopicAdmin

_ASK_AGAIN_SECONDS = 1.0


class WrongTopics(Exception):
    """The process must not run on the topics that are there."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        reasons = "; ".join(map(str, differences))
        super().__init__(f"stopped: {reasons}. `sigmak topics apply` creates what is missing.")


async def topics_are_right(
    admin: TopicAdmin, wanted: Sequence[Topic], stop: asyncio.Event, tell: Callable[[str], None]
) -> bool:
    """Wait for Kafka and compare its topics with `wanted`; False where `stop` was set meanwhile.

    Args:
        tell: called with the reason while Kafka is away, or refuses to tell.

    Raises:
        WrongTopics: where a topic is missing, has another number of partitions, or lost its `compact`.
    """
    question = TopicQuestion(admin, wanted)
    while not stop.is_set():
        answer = await question.ask()
        if isinstance(answer, str):
            tell(answer)
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
            continue
        fatal = [difference for difference in answer if difference.fatal]
        if fatal:
            raise WrongTopics(fatal)
        return True
    return False
