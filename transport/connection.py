"""How every librdkafka client of ours connects to Kafka."""

_ANSWER_SECONDS = 10
"""librdkafka's default of 60 s is how long a client would wait for an answer on a connection whose other end was lost
without a word, as behind a failed route: gateway and worker took up to 57 s to find back after the network had."""


def connection(bootstrap_servers: str) -> dict[str, str | int | float | bool]:
    """The settings that all clients share.

    An answer that takes longer than 10 s on the wire is never read: a consumer whose `fetch.max.bytes` is a network's
    work of more than that would ask for it again and again.
    """
    return {
        "bootstrap.servers": bootstrap_servers,
        "socket.timeout.ms": _ANSWER_SECONDS * 1000,
        "socket.keepalive.enable": True,
        # A broker that is back would be found up to 10 s later.
        "reconnect.backoff.max.ms": 1000,
    }
