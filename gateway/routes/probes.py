"""/live, /ready, /health and /metrics, for those who run the gateway; they need no key."""

from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from gateway.api_description import EXAMPLES, Described
from gateway.metrics import GatewayMetrics
from gateway.readiness import Readiness

router = APIRouter(tags=["probes"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Whether filings and questions can be taken now."""

    status: Literal["ready", "not ready"]
    reasons: list[str]


class Health(BaseModel):
    """What works and what does not."""

    status: Literal["ok", "degraded"]
    parts: dict[str, str]


def _with_example(name: str, description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"example": EXAMPLES[name]}}}


_NOT_READY: Described = {
    HTTPStatus.OK: _with_example("ready", "It is ready."),
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "model": Ready,
        **_with_example("not_ready", "It is not ready; the reasons say why."),
    },
}
_HEALTH: Described = {HTTPStatus.OK: _with_example("health", "Each part, and what is wrong with it.")}
_METRICS: Described = {
    HTTPStatus.OK: {"description": "What is counted.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/live")
async def live() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/ready", response_model=Ready, responses=_NOT_READY)
async def ready(request: Request) -> JSONResponse:
    """Whether filings and questions can be taken now; else 503 and the reasons."""
    readiness: Readiness = request.app.state.readiness
    reasons = readiness.reasons()
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return JSONResponse({"status": "not ready" if reasons else "ready", "reasons": reasons}, status)


@router.get("/health", response_model=Health, responses=_HEALTH)
async def health(request: Request) -> JSONResponse:
    """What works and what does not, part by part; 200 while the process itself is sound."""
    readiness: Readiness = request.app.state.readiness
    parts = readiness.parts()
    worst = "degraded" if any(parts.values()) else "ok"
    return JSONResponse({"status": worst, "parts": {name: fault or "ok" for name, fault in parts.items()}})


@router.get("/metrics", response_class=Response, responses=_METRICS)
async def metrics(request: Request) -> Response:
    """What the gateway counts, in Prometheus' text format."""
    counted: GatewayMetrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
