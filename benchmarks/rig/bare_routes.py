"""What the gateway is compared with: FastAPI routes that do nothing but what any server must.

    python -m benchmarks.rig.bare_routes PORT FOLDER

`POST /json` validates the gateway's own request model, `POST /raw` reads the body, `GET /bytes/NAME` answers with a
file of the folder from memory. Served as the gateway is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI, Request, Response

from gateway.submission_body import AnalyzeRequest
from ops.local.ports import LOOPBACK, accepts_connections, free_ports
from ops.local.process import Process

_START_WITHIN = 30.0


class BareServer(NamedTuple):
    """A server of these routes, in a process of its own."""

    url: str
    pid: int


@contextmanager
def bare_server(bodies: Path, log: Path) -> Iterator[BareServer]:
    """A server that runs until the end of the `with` block."""
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "benchmarks.rig.bare_routes", str(port), str(bodies)]
    process = Process("bare-routes", command, log=log)
    process.start()
    try:
        process.wait_until_ready(lambda: accepts_connections(port), within=_START_WITHIN)
        yield BareServer(f"http://{LOOPBACK}:{port}", process.pid)
    finally:
        process.stop()


def bare_app(bodies: Path) -> FastAPI:
    """The routes; `bodies` is a folder of files to answer with."""
    app = FastAPI()
    contents = {file.name: file.read_bytes() for file in bodies.iterdir()}

    @app.post("/json", status_code=HTTPStatus.ACCEPTED)
    async def json(filing: AnalyzeRequest) -> dict[str, str]:
        return {"ticker": filing.ticker}

    @app.post("/raw", status_code=HTTPStatus.ACCEPTED)
    async def raw(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/bytes/{name}")
    async def content(name: str) -> Response:
        return Response(contents[name], media_type="application/json")

    return app


def main() -> None:
    """Serve until SIGTERM."""
    port, bodies = sys.argv[1:]
    uvicorn.run(
        bare_app(Path(bodies)),
        host=LOOPBACK,
        port=int(port),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
