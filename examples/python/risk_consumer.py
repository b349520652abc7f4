"""Prints the most severe risk of each finished filing, and then of each to come: risk_consumer.py BROKERS [GROUP]."""

import sys

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka import Consumer, KafkaException

brokers, group = [*sys.argv[1:], "risk-consumer"][:2]
offsets = {"auto.offset.reset": "earliest", "enable.auto.offset.store": False}
consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, **offsets})
consumer.subscribe(["sigmak.risks.v1"])
seen = set()  # an assessment may come twice, under the same id
try:
    while True:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        headers = {name: value for name, value in message.headers() or [] if value is not None}
        event = from_binary_event(KafkaMessage(headers, message.key(), message.value()))
        if event.get_id() not in seen:
            filing = event.get_data()
            worst = max(filing["risks"], key=lambda risk: risk["severity"]["value"], default=None)
            told = "no risks" if worst is None else f"{worst['severity']['value']:.2f} {worst['heading']}"
            print(f"task {event.get_id()}: {filing['ticker']} {filing['filing_year']}: {told}", flush=True)
            seen.add(event.get_id())
        consumer.store_offsets(message)  # after the work: what is not done when this process dies comes again
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
