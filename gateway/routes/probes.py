"""/live, /ready, /health and /metrics, for those who run the gateway; they need no key."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.metrics import GatewayMetrics
from gateway.readiness import Readiness

router = APIRouter(tags=["probes"])


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """Whether filings and questions can be taken now; else 503 and the reasons."""
    readiness: Readiness = request.app.state.readiness
    reasons = readiness.reasons()
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return JSONResponse({"status": "not ready" if reasons else "ready", "reasons": reasons}, status)


@router.get("/health")
async def health(request: Request) -> JSONResponse:
    """What works and what does not, part by part; 200 while the process itself is sound."""
    readiness: Readiness = request.app.state.readiness
    parts = readiness.parts()
    worst = "degraded" if any(parts.values()) else "ok"
    return JSONResponse({"status": worst, "parts": {name: fault or "ok" for name, fault in parts.items()}})


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """What the gateway counts, in Prometheus' text format."""
    counted: GatewayMetrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
