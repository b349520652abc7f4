"""Settings that every process with a Kafka client has."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, FilePath, field_validator

from schemas.topics import DEFAULT_PARTITIONS, LANE_RETENTION, RESULT_LIFE, Topic, catalogue
from transport.connection import KafkaConnection
from transport.security_settings import KafkaSecuritySettings

_LEAST_SECRET_BYTES = 32


class KafkaSettings(KafkaSecuritySettings):
    """Where Kafka is and what its topics must be. Each field is read from the environment, prefix `SIGMAK_`."""

    kafka_bootstrap_servers: Annotated[str, Field(min_length=1)] = "127.0.0.1:9092"
    """Brokers to start from, `host:port` separated by commas."""
    process_secret_file: FilePath | None = None
    """File of a secret that all processes share, at least 32 characters: gateways sign whose a task is, and workers
    believe no other owner. Without it whoever may write to the lanes is believed."""
    partitions: Annotated[int, Field(ge=1, le=1000)] = DEFAULT_PARTITIONS
    """Partitions of every topic. Fixed once the topics exist: a key would move to another partition."""
    replication_factor: Annotated[int, Field(ge=1, le=9)] = 1
    """Copies of each partition; 3 in production, which also asks for two copies before an acknowledgement."""
    result_ttl: timedelta = RESULT_LIFE
    """How long a task's result can be read after its end (an ISO 8601 duration); the same for all processes."""
    lane_retention: timedelta = LANE_RETENTION
    """How long a filing may wait before it has `expired` (an ISO 8601 duration); the same for all processes."""

    @field_validator("process_secret_file")
    @classmethod
    def _long_enough(cls, file: FilePath | None) -> FilePath | None:
        if file is not None and len(file.read_bytes().strip()) < _LEAST_SECRET_BYTES:
            raise ValueError(f"holds less than {_LEAST_SECRET_BYTES} characters; `openssl rand -hex 32` makes a secret")
        return file

    def connection(self) -> KafkaConnection:
        """What every Kafka client of the process is made with."""
        return KafkaConnection(self.kafka_bootstrap_servers, self.tls(), self.sasl())

    def topics(self) -> tuple[Topic, ...]:
        """The topic catalogue under these settings."""
        return catalogue(
            partitions=self.partitions,
            replication_factor=self.replication_factor,
            result_life=self.result_ttl,
            lane_retention=self.lane_retention,
        )
