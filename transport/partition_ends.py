"""Where the partitions of a topic end now, asked of the brokers that lead them."""

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition


def ends_now(consumer: Consumer, topic: str, *, partitions: int, timeout: float) -> dict[int, int]:
    """Partition -> the offset behind its last record; blocks for as long as one round trip to each broker.

    Raises:
        KafkaException: if they do not answer within so many seconds, or one of them has none for a partition.
    """
    # A time that is no time stands for the end, as in Kafka's protocol.
    asked = [TopicPartition(topic, partition, OFFSET_END) for partition in range(partitions)]
    answers = consumer.offsets_for_times(asked, timeout)
    for answer in answers:
        if answer.error is not None:
            raise KafkaException(answer.error)
    return {answer.partition: answer.offset for answer in answers}
