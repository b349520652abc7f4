"""Who leads the partitions of a topic, learnt anew."""

from confluent_kafka import Consumer


def learn_leaders(consumer: Consumer, topic: str, *, timeout: float) -> None:
    """Make a consumer ask the brokers who leads the topic's partitions now; blocks until they answer.

    A consumer that does not read a topic keeps for minutes what it once heard of its leaders, even that a partition had
    none. After a broker had died, questions about the partitions that it had led went to it in vain for as long as was
    watched, a minute, though others led them after seconds.

    Raises:
        KafkaException: if they do not answer within so many seconds.
    """
    consumer.list_topics(topic, timeout=timeout)
