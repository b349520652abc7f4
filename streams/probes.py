"""The worker's probe port: /live, /ready, /metrics."""

import json
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


async def serve_probes(
    host: str, port: int, *, reasons: Callable[[], list[str]], registry: CollectorRegistry
) -> web.AppRunner:
    """Start answering; `reasons` tells why the worker is not ready, empty where it is."""

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
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
