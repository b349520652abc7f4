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


def is_past(moment: datetime | None, life: timedelta) -> bool:
    """Whether what began to age at this moment is past its life; what has not begun is not."""
    return moment is not None and datetime.now(UTC) - moment > life
