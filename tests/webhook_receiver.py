"""A real HTTP or HTTPS server on this machine that takes webhooks, and behaves as the path says."""

import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from standardwebhooks import Webhook

_ANSWERS = re.compile(r"/(\d{3}|hang|drip|cut)\b")


@dataclass(frozen=True)
class Received:
    """One request, and what was answered: a code, or a word of `Receiver`."""

    path: str
    headers: dict[str, str]
    body: bytes
    answer: str

    @property
    def webhook_id(self) -> str:
        """Its id."""
        return self.headers["webhook-id"]

    def verified_with(self, secret: str) -> bool:
        """Whether a receiver with this secret takes it; raises where not."""
        Webhook(secret).verify(self.body, self.headers)
        return True


class Receiver:
    """Takes webhooks for as long as its `with` block lasts.

    `/NAME/ANSWER[/ANSWER...]` gives each of these answers in turn, then the last again and again. An answer is a code,
    of which a redirect leads to `/elsewhere/200`; or `hang`, which answers when `let_go` is set; `drip`, with a byte a
    second, without end; `cut`, which closes the connection.

    Attributes:
        on_request: called with each request before it is answered.
    """

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.received: list[Received] = []
        self.on_request: Callable[[Received], None] = lambda _: None
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake in the request's own thread: one who does not finish it would stop the others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._scheme = "http" if certificate is None else "https"
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The URL of a path."""
        return f"{self._scheme}://{host}:{self.port}{path}"

    def of(self, path: str) -> list[Received]:
        """What came to a path."""
        return [each for each in list(self.received) if each.path == path]

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in request.headers.items()}
        answers = _ANSWERS.findall(request.path) or ["204"]
        answer = answers[min(len(self.of(request.path)), len(answers) - 1)]
        took = Received(request.path, headers, body, answer)
        self.received.append(took)
        self.on_request(took)
        match answer:
            case "cut":
                request.connection.shutdown(socket.SHUT_RDWR)
                return
            case "drip":
                self._drip(request)
                return
            case "hang":
                self.let_go.wait()
        request.send_response(int(answer) if answer.isdigit() else 204)
        request.send_header("Location", self.url("/elsewhere/200"))
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
            if self.let_go.wait(1):
                return
            request.wfile.write(bytes([byte]))
