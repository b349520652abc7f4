"""What a follower joins its consumer group with."""

from transport.connection import ClientSettings, KafkaConnection

_SESSION_SECONDS = 10
"""How long the records of a follower that died wait for another one. The classic protocol takes it from the client; the
newer one (KIP-848) leaves it to the broker, whose default and least value is 45 s."""
_JOIN_SECONDS = 25
"""How long the client waits for the answer to its joining, and 3 s more. By default it is 5 minutes, for as long as a
member may go without asking for records: a follower whose network failed without a word as it joined did nothing until
then. Who asks more seldom, since Kafka does not take what it publishes, leaves the group and begins anew."""


def member_settings(connection: KafkaConnection, group: str) -> ClientSettings:
    """A consumer's settings; offsets are committed by who asks, and by nobody else."""
    return {
        **connection.client_settings(),
        "group.id": group,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": _SESSION_SECONDS * 1000,
        "max.poll.interval.ms": _JOIN_SECONDS * 1000,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "log_level": 2,
    }
