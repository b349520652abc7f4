"""POST /batches: filings in, a batch id and their task ids out."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from gateway.admission import Admission, Place
from gateway.api_description import BATCH_LINKS, EXAMPLES, RATE_HEADERS, Described, described_headers, problems
from gateway.authentication import Caller, require
from gateway.batches.batch_body import ReadBatch, Refused, batch_described, read_batch
from gateway.batches.batch_publisher import BatchIncomplete, BatchPublisher, OfferedBatch, member_id
from gateway.bodies_in_hand import BodiesInHand
from gateway.idempotency.fingerprints import HEADER, IdempotencyKey
from gateway.idempotency.submissions import KeyedSubmissions, KeyReused, Receipt
from gateway.keys import ApiKey
from gateway.limits import Limits, max_batch_bytes
from gateway.links import link
from gateway.metrics import GatewayMetrics
from gateway.problem_types import ANY_KEY, ANY_SUBMISSION
from gateway.problems import Problem, kafka_unavailable
from gateway.routes.submissions import check_callback, check_filing, key_reused, offered_of
from gateway.settings import GatewaySettings
from schemas.identifiers import new_task_id
from transport.publisher import KafkaAway

router = APIRouter(tags=["batches"])


class BatchAccepted(BaseModel):
    """The answer to an accepted batch."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    batch_id: str
    """A UUIDv7."""
    status_url: str
    """Where the batch's status is."""
    task_ids: list[str | None]
    """The filings' tasks, in the order of the request; null for one that was refused."""
    refused: list[Refused]
    """The filings that are no part of the batch."""
    message: str
    """For a person."""


_ANSWERS: Described = {
    HTTPStatus.ACCEPTED: {
        "description": "The filings are on Kafka, but for those that are named as refused.",
        "headers": described_headers("Location", "Idempotent-Replayed", *RATE_HEADERS, required={"Location"}),
        "content": {"application/json": {"example": EXAMPLES["batch_accepted"]}},
        "links": BATCH_LINKS,
    },
    **problems(*ANY_KEY, *ANY_SUBMISSION, headers=RATE_HEADERS),
}


@router.post(
    "/batches",
    status_code=HTTPStatus.ACCEPTED,
    response_model=BatchAccepted,
    responses=_ANSWERS,
    openapi_extra=batch_described({"filings": [EXAMPLES["analyze"]]}),
)
async def batches(request: Request, caller: Caller, key: IdempotencyKey) -> Response:
    """Read and score up to 500 filings, and have what all of them say told together.

    A filing that is not valid is refused alone, unless the batch is `atomic`. Where Kafka takes only a part of a batch,
    the answer names what it took; sent again with its `Idempotency-Key`, the rest is added.
    """
    require(caller, "submit")
    settings: GatewaySettings = request.app.state.settings
    limits = Limits.of(caller, settings)
    admission: Admission = request.app.state.admission
    bodies: BodiesInHand = request.app.state.bodies
    keyed: KeyedSubmissions[OfferedBatch] = request.app.state.keyed_batches
    # As for one filing: who lost the answer gets it, though no place is left.
    replay = key is not None and keyed.is_accepted(caller.id, key)
    with admission.submission(caller, limits, replay=replay) as first, bodies.hold(caller.id) as hold:
        read = await read_batch(
            request,
            lambda filing: check_filing(request, caller, filing),
            max_bytes=max_batch_bytes(caller, settings),
            hold=hold,
            timeout=settings.body_timeout,
        )
        check_callback(request, caller, read.callback_url)
        with admission.further(caller, limits, 0 if replay else len(read.filings) - 1) as others:
            receipt = await _accepted(request, caller, key, read, [first, *others])
    response = _answer(request, receipt, read)
    response.headers.update(admission.rate_headers(caller, limits))
    return response


async def _accepted(
    request: Request, caller: ApiKey, key: str | None, read: ReadBatch, places: Sequence[Place]
) -> Receipt:
    metrics: GatewayMetrics = request.app.state.metrics
    offered = {index: offered_of(request, caller, filing, "analyze") for index, filing in read.filings.items()}
    batch = OfferedBatch(offered, read.size, caller.id, read.callback_url)
    try:
        receipt = await _offer(request, key, batch, places)
    except KeyReused as error:
        raise key_reused() from error
    except KafkaAway as error:
        metrics.refused.labels("kafka_away").inc(len(batch.filings))
        raise kafka_unavailable(f"The batch was not accepted: {error}. Send it again later.") from error
    except BatchIncomplete as error:
        metrics.refused.labels("batch_incomplete").inc(len(batch.filings) - len(error.accepted))
        raise _incomplete(request, key, batch, error) from error
    if receipt.replayed:
        metrics.replayed.inc()
    else:
        for filing in read.filings.values():
            metrics.accepted.labels(filing.priority).inc()
    return receipt


async def _offer(request: Request, key: str | None, batch: OfferedBatch, places: Sequence[Place]) -> Receipt:
    """Publish it; its places count by the tasks that its filings are on Kafka under, or not at all."""
    publisher: BatchPublisher = request.app.state.batch_publisher
    keyed: KeyedSubmissions[OfferedBatch] = request.app.state.keyed_batches
    if key is not None and places[0].replay:
        return await keyed.replay(key, batch)
    batch_id = new_task_id()
    _count(places, batch, batch_id)
    try:
        if key is None:
            await publisher.submit(batch_id, batch)
            return Receipt(batch_id)
        receipt = await keyed.submit(key, batch_id, batch)
    except (KeyReused, KafkaAway):
        _count(places, batch, None)
        raise
    except BatchIncomplete as error:
        _count(places, batch, error.batch_id)
        raise
    _count(places, batch, None if receipt.replayed else receipt.task_id)
    return receipt


def _count(places: Sequence[Place], batch: OfferedBatch, batch_id: str | None) -> None:
    for place, index in zip(places, batch.filings, strict=True):
        place.task_id = None if batch_id is None else member_id(batch_id, index)


def _answer(request: Request, receipt: Receipt, read: ReadBatch) -> Response:
    batch_id, url = receipt.task_id, batch_url(request, receipt.task_id)
    headers = {"Location": url} | ({"Idempotent-Replayed": "true"} if receipt.replayed else {})
    accepted = BatchAccepted(
        batch_id=batch_id,
        status_url=url,
        task_ids=[member_id(batch_id, index) if index in read.filings else None for index in range(read.size)],
        refused=read.refused,
        message=f"{len(read.filings)} of {read.size} filings are accepted.",
    )
    return JSONResponse(accepted.model_dump(), HTTPStatus.ACCEPTED, headers=headers)


def _incomplete(request: Request, key: str | None, batch: OfferedBatch, error: BatchIncomplete) -> Problem:
    detail = (
        f"Kafka took {len(error.accepted)} of {len(batch.filings)} filings, `accepted`, and may have taken those in "
        "`unknown`. "
    )
    again = f"Sent again with its {HEADER}, the same batch gets the rest."
    detail += again if key is not None else "Cancel the batch, or send the other filings in a batch of their own."
    return kafka_unavailable(
        detail,
        batch_id=error.batch_id,
        status_url=batch_url(request, error.batch_id),
        accepted=[*error.accepted],
        unknown=[*error.unknown],
    )


def batch_url(request: Request, batch_id: str) -> str:
    """Where a batch tells how far it is."""
    return link(request, f"batches/{batch_id}")
