"""Webhooks of a test: who sends them, what is put on their topic, and what becomes of it."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from confluent_kafka.admin import AdminClient

from ops.webhooks import fold
from schemas.events import webhook_delivery
from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.due_consumer import record_of
from tests.system.parts import System, Worker, records
from tests.unit.webhooks.examples import a_delivery
from tests.waiting import eventually
from tests.webhook_receiver import Receiver
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher

OWNER = "key-of-the-tests"
ALLOW = '["127.0.0.1"]'
GROUP = "sigmak-webhooks"


def now() -> datetime:
    return datetime.now(UTC)


def sender(system: System, *, wait: bool = True, delays: str = "[1, 1, 1]", **settings: object) -> Worker:
    return system.follower("webhooks", wait=wait, webhook_allow=ALLOW, webhook_delays=delays, **settings)


def send(system: System, *urls: str, owner: str | None = OWNER) -> list[str]:
    """Put deliveries on the topic, as those do who end tasks; returns their ids."""
    deliveries = [
        a_delivery(webhook_id=f"{uuid.uuid4()}-ended", subject=str(uuid.uuid4()), url=url, owner=owner) for url in urls
    ]

    async def publish() -> None:
        for delivery in deliveries:
            event = webhook_delivery(delivery, source="/test", time=now())
            await publisher.publish(WEBHOOKS, delivery.subject, event)

    publisher = KafkaPublisher(KafkaConnection(system.kafka), client_id="test", delivery_timeout=None)
    try:
        asyncio.run(publish())
    finally:
        publisher.close()
    return [delivery.webhook_id for delivery in deliveries]


def sigmak(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.main", "webhooks", *arguments],
        env={
            **os.environ,
            "SIGMAK_KAFKA_BOOTSTRAP_SERVERS": system.kafka,
            "SIGMAK_WEBHOOK_SECRETS_FILE": str(system.webhook_secrets),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def states(system: System, ids: Sequence[str]) -> list[WebhookDelivery]:
    """How these deliveries stand; read here, a command takes a second to start."""
    found = {each.state.webhook_id: each.state for each in fold(map(record_of, records(system.kafka, WEBHOOKS)))}
    return [found[webhook_id] for webhook_id in ids]


def ended(system: System, *ids: str) -> list[WebhookDelivery]:
    """The ends of deliveries."""

    def look() -> list[WebhookDelivery] | None:
        found = states(system, ids)
        return found if all(state.outcome for state in found) else None

    return eventually(look, within=40, what=f"the ends of {ids}")


def members(system: System) -> int:
    """How many senders Kafka knows of."""
    admin = AdminClient({"bootstrap.servers": system.kafka})
    return len(admin.describe_consumer_groups([GROUP])[GROUP].result(10).members)


def came(receiver: Receiver, path: str, times: int = 1, *, within: float = 30) -> None:
    eventually(lambda: len(receiver.of(path)) >= times, within=within, what=f"{path} is called {times} times")
