"""What is still kept of tasks and batches, and whether this gateway can tell."""

from datetime import UTC, datetime, timedelta

from gateway.materialised.follower import TableBehind, TopicsFollower
from gateway.problems import kafka_unavailable
from schemas.topics import BATCHES, TASKS

_NAMES = {TASKS: "tasks", BATCHES: "batches"}


async def catch_up(follower: TopicsFollower, topic: str) -> None:
    """Bring the rows of a topic up to what it holds now.

    Raises:
        Problem: 503 where that can't be.
    """
    try:
        await follower.catch_up(topic)
    except TableBehind as error:
        raise kafka_unavailable(f"Nothing can be said of {_NAMES[topic]} now: {error}.") from error


async def no_older_than_told(follower: TopicsFollower) -> None:
    """Return once no row is older than what this gateway has told of it, also in a life that ended in a crash.

    Raises:
        Problem: 503 where that can't be.
    """
    if not follower.has_caught_up:
        await catch_up(follower, TASKS)
        await catch_up(follower, BATCHES)


def is_past(moment: datetime | None, life: timedelta) -> bool:
    """Whether what began to age at this moment is past its life; what has not begun is not."""
    return moment is not None and datetime.now(UTC) - moment > life
