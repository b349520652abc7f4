"""A part for tests of the stack: answers /ready, and notes in a file when it starts and is asked to stop.

`part.py PORT NAME FILE [SECONDS_UNTIL_READY]`
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

port, name, notes = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
ready_at = time.monotonic() + float(sys.argv[4] if len(sys.argv) > 4 else 0)


def note(what: str) -> None:
    with notes.open("a") as file:
        file.write(f"{name} {what}\n")


class Probe(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_ready = time.monotonic() >= ready_at
        if is_ready:
            note("is ready")
        self.send_response(200 if is_ready else 503)
        self.end_headers()


def stop(*_: object) -> None:
    note("stops")
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
note(f"starts with {os.environ['SIGMAK_KAFKA_BOOTSTRAP_SERVERS']}")
HTTPServer(("127.0.0.1", port), Probe).serve_forever()
