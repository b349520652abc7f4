"""What a key may use: its own limits, and the gateway's settings where it has none."""

from dataclasses import dataclass
from typing import Self

from gateway.bodies_in_hand import share_of_a_body
from gateway.keys import ApiKey, Limit
from gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that count for one key; None is no limit. As in `KeyLimits`."""

    submissions_per_minute: int | None
    max_body_bytes: int
    open_streams: int | None
    waiting_tasks: int | None

    @classmethod
    def of(cls, key: ApiKey, settings: GatewaySettings) -> Self:
        """The limits of a key at a gateway of these settings."""
        own = key.limits
        return cls(
            submissions_per_minute=limit_number(own.submissions_per_minute or settings.submissions_per_minute),
            # One that is larger than the room for a body could never be read.
            max_body_bytes=min(
                own.max_body_bytes or settings.max_body_bytes, share_of_a_body(settings.max_bodies_bytes)
            ),
            open_streams=limit_number(own.open_streams or settings.open_streams),
            waiting_tasks=limit_number(own.waiting_tasks or settings.waiting_tasks),
        )


def max_batch_bytes(key: ApiKey, settings: GatewaySettings) -> int:
    """The largest body of a batch that a key may send."""
    return min(key.limits.max_body_bytes or settings.max_batch_bytes, share_of_a_body(settings.max_bodies_bytes))


def limit_number(limit: Limit) -> int | None:
    """The number of a limit; None if there is none."""
    return None if limit == "unlimited" else limit
