"""The worker's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_state_path
from pydantic import Field, FilePath, SecretStr, ValidationInfo, field_validator

from streams.analysis.embedding import Backend, Precision, check_offered
from streams.analysis.scoring.severity import SeverityWeights
from streams.webhooks.schedule import DELAYS
from transport.settings import KafkaSettings
from transport.webhook_settings import WebhookSettings

_MIB = 1024 * 1024

LONGEST_RETRY_DELAY = timedelta(hours=1)
RetryDelay = Annotated[float, Field(gt=0, le=LONGEST_RETRY_DELAY.total_seconds())]


class FollowerSettings(KafkaSettings):
    """The settings that all followers have. Each field is read from the environment, prefix `SIGMAK_`."""

    follower_probe_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port of /live, /ready and /metrics on `follower_probe_host`; 0 serves none."""
    follower_probe_host: str = "127.0.0.1"
    """The address that a follower's probes listen on."""


WebhookDelay = Annotated[float, Field(gt=0, le=86400)]


class WebhookSenderSettings(WebhookSettings, FollowerSettings):
    """The settings of the sender of webhooks."""

    webhook_secrets_file: Path
    """The file of signing secrets, which `sigmak webhooks secret` writes, readable by its owner only. Without it no
    `callback_url` is taken."""
    webhook_delays: Annotated[tuple[WebhookDelay, ...], Field(max_length=50)] = DELAYS
    """Seconds that the second and each later attempt of a webhook wait, give or take a tenth, as a JSON list; after the
    last it is given up."""
    webhook_ca_file: FilePath | None = None
    """PEM file of authorities that receivers' certificates may be of, beside those that the system knows."""


class WorkerSettings(KafkaSettings):
    """Each field is read from the environment, prefix `SIGMAK_`."""

    worker_dir: Path = user_state_path("sigmak") / "worker"
    """This worker's own folder for its Table; two workers must not share one. Rebuilt from Kafka where missing."""
    worker_probe_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port of /live, /ready and /metrics on `worker_probe_host`; 0 serves none."""
    worker_probe_host: str = "127.0.0.1"
    """The address that the probes listen on."""
    worker_nice: Annotated[int, Field(ge=0, le=19)] = 10
    """How far workers step back for the gateway (nice): people wait for it, not for them."""
    store_dir: Path = user_state_path("sigmak") / "store"
    """Folder of the embedded vector store; all workers of a machine share it."""
    store: Literal["lancedb", "weaviate"] = "lancedb"
    """The vector store: embedded, for the workers of one machine, or a Weaviate that several machines share."""
    weaviate_url: Annotated[str, Field(pattern=r"^https?://[^/?#@]+$")] = "http://127.0.0.1:8080"
    """Where Weaviate is; with `https` its gRPC is asked by TLS, too."""
    weaviate_grpc_host: str | None = None
    """The host of Weaviate's gRPC, where it is not the one of `weaviate_url`."""
    weaviate_grpc_port: Annotated[int, Field(ge=1, le=65535)] = 50051
    """The port of Weaviate's gRPC."""
    weaviate_api_key: SecretStr | None = None
    """The key that Weaviate asks for."""
    weaviate_timeout: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds for one request to Weaviate; what takes longer counts as Weaviate being away."""
    document_roots: tuple[Path, ...] = ()
    """Folders that `html_path` may point into, as a JSON list; none by default."""
    max_document_bytes: Annotated[int, Field(ge=1024)] = 50 * _MIB
    """A larger document is refused."""
    embedding_model: str | None = None
    """Name or folder of a sentence-transformers model; the default is the all-MiniLM-L6-v2 that is installed."""
    embedding_backend: Backend = "openvino"
    """What computes the embedding: openvino, torch or onnx; `sigmak embed-bench` measures them on this processor."""
    embedding_precision: Precision = "bf16"
    """What it computes in: bf16 (openvino, torch) or f32 (all); openvino takes f32 where the processor has no bf16."""
    vector_cache: Path = user_cache_path("sigmak") / "vectors.sqlite"
    """File of the vectors of texts that were embedded before; all workers of a machine share it."""
    severity_weights: SeverityWeights = SeverityWeights()
    """The weights of a severity's parts, as JSON: language, amounts, materiality, novelty."""
    retry_delays: tuple[RetryDelay, RetryDelay, RetryDelay] = (60.0, 120.0, 240.0)
    """Seconds that the second, third and fourth attempt wait while something is away, as a JSON list."""
    analysis: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")] | None = None
    """`module:function` of another analysis to put behind the agents, for benchmarks and tests of crashes."""
    analysis_seconds: Annotated[float, Field(gt=0, le=3000)] = 120.0
    """Seconds that the analysis of one filing may take; then it ends in FAILURE, `analysis_timeout`."""
    analysis_memory_bytes: Annotated[int, Field(ge=256 * _MIB)] = 2048 * _MIB
    """Resident memory of a worker's analysis process, its model included; a filing that needs more ends in FAILURE."""
    session_timeout: Annotated[float, Field(ge=6, le=300)] = 10.0
    """Seconds until the filings of a worker that died start elsewhere."""
    rebalance_timeout: Annotated[float, Field(ge=10, le=3600)] = 300.0
    """Seconds that a rebalance waits for a worker; a filing that takes longer would be started by turns for ever."""
    stuck_seconds: Annotated[float, Field(ge=1, le=86400)] = 300.0
    """Seconds that filings may wait in a partition while none of it ends, before /ready says that it is stuck."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    """How long the filing in hand may take after SIGTERM or a revocation; then it is handed back."""

    @field_validator("rebalance_timeout")
    @classmethod
    def _longer_than_an_analysis(cls, seconds: float, info: ValidationInfo) -> float:
        if seconds <= info.data.get("analysis_seconds", 0):  # absent if it is what is wrong
            raise ValueError("must be more than SIGMAK_ANALYSIS_SECONDS, or a long filing is started by turns for ever")
        return seconds

    @field_validator("embedding_precision")
    @classmethod
    def _offered_by_the_backend(cls, precision: Precision, info: ValidationInfo) -> Precision:
        if "embedding_backend" in info.data:  # else that is what is wrong
            check_offered(info.data["embedding_backend"], precision)
        return precision
