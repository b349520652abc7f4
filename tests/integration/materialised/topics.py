"""Topics that a test deletes and makes anew."""

from confluent_kafka.admin import AdminClient

from schemas.topics import Topic
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin


def make_anew(kafka: str, topic: Topic) -> None:
    """Delete a topic and create one of the same name."""
    client = AdminClient({"bootstrap.servers": kafka})
    for deleted in client.delete_topics([topic.name]).values():
        deleted.result(10)
    # For a moment the broker still lists what its controller has deleted, and does not know it when it is asked more.
    eventually(lambda: topic.name not in client.list_topics(timeout=10).topics, within=20, what="the topic is gone")
    assert TopicAdmin(KafkaConnection(kafka)).apply([topic])
