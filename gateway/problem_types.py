"""Every problem that a caller may be told, as the API's description lists them."""

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One type: its status, when it is told, and the headers that it always has."""

    status: HTTPStatus
    when: str
    headers: tuple[str, ...] = ()


_CHALLENGE = ("WWW-Authenticate",)
_COME_AGAIN = ("Retry-After",)

PROBLEM_TYPES = {
    "not_json": ProblemType(HTTPStatus.BAD_REQUEST, "The body is not valid JSON."),
    "broken_encoding": ProblemType(HTTPStatus.BAD_REQUEST, "The body is not what its Content-Encoding says."),
    "no_valid_key": ProblemType(HTTPStatus.UNAUTHORIZED, "There is no API key, or none that is known.", _CHALLENGE),
    "key_expired": ProblemType(HTTPStatus.UNAUTHORIZED, "The API key has expired.", _CHALLENGE),
    "key_revoked": ProblemType(HTTPStatus.UNAUTHORIZED, "The API key was revoked.", _CHALLENGE),
    "scope_missing": ProblemType(HTTPStatus.FORBIDDEN, "The API key lacks the scope for this."),
    "tier_too_low": ProblemType(HTTPStatus.FORBIDDEN, "Priority high needs a key of tier high."),
    "no_such_task": ProblemType(HTTPStatus.NOT_FOUND, "There is no such task, or it is another key's."),
    "task_expired": ProblemType(HTTPStatus.GONE, "The task ended so long ago that its status is no longer kept."),
    "task_ended": ProblemType(HTTPStatus.CONFLICT, "The task has ended, in the `state` that is told."),
    "no_such_batch": ProblemType(HTTPStatus.NOT_FOUND, "There is no such batch, or it is another key's."),
    "batch_ended": ProblemType(HTTPStatus.CONFLICT, "All filings of the batch have ended."),
    "batch_expired": ProblemType(HTTPStatus.GONE, "The batch ended so long ago that its status is no longer kept."),
    "body_too_slow": ProblemType(HTTPStatus.REQUEST_TIMEOUT, "The body stopped coming, or came too slowly."),
    "body_too_large": ProblemType(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is over this key's limit."),
    "document_too_large": ProblemType(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The document is over the limit."),
    "unsupported_media_type": ProblemType(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "No such body is taken.", ("Accept",)),
    "unsupported_encoding": ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The Content-Encoding is not known.", ("Accept-Encoding",)
    ),
    "unsupported_charset": ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The document's charset is not accepted, or is not its own."
    ),
    "invalid_request": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Fields are not valid; `errors` names each, up to 20."
    ),
    "invalid_idempotency_key": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Idempotency-Key is not one key of 1 to 255 visible ASCII characters."
    ),
    "idempotency_key_reused": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The Idempotency-Key was sent before with another body."
    ),
    "rate_limited": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS, "The key has submitted as many filings within a minute as it may.", _COME_AGAIN
    ),
    "too_many_waiting": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS, "As many tasks of the key are on their way as may be.", _COME_AGAIN
    ),
    "too_many_cancellations": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS, "The key has cancelled as many tasks within a minute as it may.", _COME_AGAIN
    ),
    "too_many_streams": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS, "As many event streams of the key are open as may be.", _COME_AGAIN
    ),
    "kafka_unavailable": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Kafka can't take or tell something now. With a `task_id` the filing may have been accepted: that task tells.",
        _COME_AGAIN,
    ),
    "overloaded": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE, "The bodies of other submissions fill the gateway's room.", _COME_AGAIN
    ),
}

ANY_SUBMISSION = (
    "not_json",
    "broken_encoding",
    "body_too_slow",
    "body_too_large",
    "unsupported_media_type",
    "unsupported_encoding",
    "invalid_request",
    "invalid_idempotency_key",
    "idempotency_key_reused",
    "rate_limited",
    "too_many_waiting",
    "kafka_unavailable",
    "overloaded",
)
"""What who submits a filing or a batch may be told."""

ANY_KEY = ("no_valid_key", "key_expired", "key_revoked", "scope_missing")
"""What every request that needs a key may be told."""
