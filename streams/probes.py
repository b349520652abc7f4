"""The probe port of a worker or follower: /live, /ready, /metrics."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


@asynccontextmanager
async def probes(
    host: str, port: int, *, reasons: Callable[[], list[str]], registry: CollectorRegistry
) -> AsyncIterator[None]:
    """Answer for the time of the block; not at all where the port is 0.

    Args:
        reasons: tells why the process is not ready; empty where it is.
    """
    if not port:
        yield
        return
    runner = web.AppRunner(probe_app(reasons, registry), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def probe_app(reasons: Callable[[], list[str]], registry: CollectorRegistry) -> web.Application:
    """What answers."""

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def ready(_request: web.Request) -> web.Response:
        why = reasons()
        body = {"status": "not ready" if why else "ready", "reasons": why}
        return web.json_response(text=json.dumps(body), status=503 if why else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/live", live), web.get("/ready", ready), web.get("/metrics", metrics)])
    return app
