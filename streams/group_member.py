"""What a follower joins its consumer group with."""

from transport.connection import ClientSettings, KafkaConnection

_SESSION_SECONDS = 10
"""How long the records of a follower that died wait for another one. The classic protocol takes it from the client; the
newer one (KIP-848) leaves it to the broker, whose default and least value is 45 s."""


def member_settings(connection: KafkaConnection, group: str) -> ClientSettings:
    """A consumer's settings; offsets are committed by who asks, and by nobody else."""
    return {
        **connection.client_settings(),
        "group.id": group,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": _SESSION_SECONDS * 1000,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "log_level": 2,
    }
