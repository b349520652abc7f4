"""Whose a filing or a cancellation is: what its owner header says counts only with a gateway's signature.

An upstream that may write to the lanes can put any header on a record. Signed by a secret that only SigmaK's processes
have, an owner is what a gateway found an API key to be.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from schemas.envelope import (
    OWNER_HEADER,
    OWNER_SIGNATURE_HEADER,
    REDRIVEN_FROM_HEADER,
    SIGNED_AS_HEADER,
    CloudEvent,
    Headers,
    InvalidEnvelope,
)
from schemas.topics import CANCELLATIONS, LANES
from transport.publisher import EventPublisher

_DOMAIN = b"sigmak-owner-1"
_LONG = 1024 * 1024
"""Bytes of data that are digested in a thread: a megabyte takes up to 2 ms, in which the event loop answers nobody."""
_SIGNED_TOPICS = frozenset({*LANES, CANCELLATIONS})


@dataclass(frozen=True, slots=True)
class OwnerSignatures:
    """Signs and checks owners.

    Attributes:
        secret: what the processes share; None signs nothing and believes every owner: the topics' ACL is trusted then.
    """

    secret: bytes | None = field(default=None, repr=False)

    @classmethod
    def by(cls, file: Path | None) -> "OwnerSignatures":
        """With the secret in a file, without the white space around it."""
        return cls(None if file is None else file.read_bytes().strip())

    async def signed(self, event: CloudEvent) -> CloudEvent:
        """The event with the signature of its owner; as it is if it has none."""
        owner = event.extensions.get(OWNER_HEADER)
        if self.secret is None or owner is None:
            return event
        signature = await self._signature(self.secret, event.type, event.id, owner, event.data)
        return replace(event, extensions={**event.extensions, OWNER_SIGNATURE_HEADER: signature})

    async def vouch_for(self, headers: Headers, value: bytes | None) -> bool:
        """Whether a record's owner is signed, or it names none. Of what is no event nothing is said: True."""
        if self.secret is None:
            return True
        try:
            event = CloudEvent.from_message(headers, value)
        except InvalidEnvelope:
            return True
        owner = event.extensions.get(OWNER_HEADER)
        if owner is None:
            return True
        # A redriven filing is a new task, and keeps the signature of the task that a gateway made.
        redriven = REDRIVEN_FROM_HEADER in event.extensions
        signed_as = event.extensions.get(SIGNED_AS_HEADER, event.id) if redriven else event.id
        signature = await self._signature(self.secret, event.type, signed_as, owner, event.data)
        return hmac.compare_digest(signature.encode(), event.extensions.get(OWNER_SIGNATURE_HEADER, "").encode())

    async def _signature(self, secret: bytes, type: str, id: str, owner: str, data: bytes) -> str:
        digest = await asyncio.to_thread(_digest, data) if len(data) > _LONG else _digest(data)
        # NUL is in none of the texts: what is signed can be read in one way only.
        told = b"\0".join([_DOMAIN, type.encode(), id.encode(), owner.encode(), digest])
        return hmac.new(secret, told, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class SigningPublisher:
    """An `EventPublisher` that signs the owners of filings and cancellations."""

    events: EventPublisher
    signatures: OwnerSignatures

    async def publish(self, topic: str, key: str, event: CloudEvent | None) -> None:
        """As in `EventPublisher`."""
        if event is not None and topic in _SIGNED_TOPICS:
            event = await self.signatures.signed(event)
        await self.events.publish(topic, key, event)

    async def publish_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        *,
        partition: int | None = None,
    ) -> None:
        """As in `EventPublisher`; what is published raw was signed before."""
        await self.events.publish_raw(topic, key, value, headers, partition=partition)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
