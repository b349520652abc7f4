"""The probes on a port of their own: a flood of the main port takes neither its connections nor its descriptors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

from gateway import problems
from gateway.connections.protocol import Guard, guarded
from gateway.connections.registry import Registry
from gateway.routes import probes

_CONNECTIONS = 32
"""Connections of probes; each is asked for a moment. Their descriptors are among those that the main port leaves."""


@asynccontextmanager
async def probe_listener(app: FastAPI, host: str, port: int, guard: Guard) -> AsyncIterator[Registry | None]:
    """Answer probes of `app` for the time of the block; not at all if the port is 0. Gives its connections.

    Raises:
        OSError: if the port is taken.
    """
    if not port:
        yield None
        return
    registry = Registry(_CONNECTIONS, _CONNECTIONS)
    config = uvicorn.Config(
        _probe_app(app), lifespan="off", log_config=None, access_log=False, ws="none", proxy_headers=False
    )
    protocol, state = guarded(replace(guard, registry=registry)), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}), host, port, backlog=_CONNECTIONS)
    try:
        yield registry
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()


def _probe_app(app: FastAPI) -> FastAPI:
    only_probes = FastAPI(openapi_url=None)
    only_probes.state = app.state
    problems.register(only_probes)
    only_probes.include_router(probes.router)
    return only_probes
