"""How fast a filing is accepted. Prints JSON.

    python -m benchmarks.submissions [--seconds S] [--rounds N]

Filings of 2 MB by POST at 20 a second over 20 connections, without workers and beside two that have more to do
than they can; then as many as are accepted, in turn with what that is compared with: a bare FastAPI route that reads
the same body, and a bare confluent-kafka producer that waits for its acknowledgements. Then filings of 5 KB.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.rig.bare_producer import acknowledged_a_second
from benchmarks.rig.bare_routes import bare_server
from benchmarks.rig.documents import large_filing_document, short_document, submission
from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.turns import in_turn
from benchmarks.rig.vegeta import Target, answers_a_second, paced, unpaced
from schemas.topics import FILINGS

LARGE, SMALL = 2_000_000, 5_000
"""Bytes of a document."""
DOCUMENTS = 6
CONNECTIONS = 20
RATE = 20

_JSON = {"Content-Type": "application/json"}
_HTML = {"Content-Type": "text/html"}


def main() -> None:
    """Measure with the durations of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--seconds", type=float, default=3.0, help="of each unpaced load; a paced one takes three times"
    )
    arguments.add_argument("--rounds", type=int, default=2, help="in which what is compared takes turns")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bodies = Bodies(Path(folder))
        with (
            running_system(workers=0) as system,
            bare_server(Path(folder), system.logs / "bare.log") as bare,
        ):
            _warm_up(system, bodies, given.seconds)
            figures = [
                *_accepted_at_a_rate(system, bodies, 3 * given.seconds, "no workers"),
                *_large_unpaced(system, bare.url, bodies, given.seconds, given.rounds),
                *_small_unpaced(system, bare.url, bodies, given.seconds, given.rounds),
            ]
        with running_system(workers=2) as system:
            # What the first second leaves behind keeps the workers busy until the end.
            paced(bodies.targets(system, "json"), rate=RATE, connections=CONNECTIONS, seconds=1)
            figures += _accepted_at_a_rate(system, bodies, 3 * given.seconds, "both workers busy")
    print_figures("submissions", figures, **vars(given), connections=CONNECTIONS, document_bytes=LARGE)


class Bodies:
    """The requests' bodies, as files for vegeta and in memory."""

    def __init__(self, folder: Path) -> None:
        self.raw: list[bytes] = []
        self._files: dict[str, list[Path]] = {"json": [], "raw": [], "small": []}
        for number in range(DOCUMENTS):
            document = large_filing_document(number, LARGE)
            self.raw.append(document.encode())
            contents = {
                "json": submission(_ticker(number), document),
                "raw": document.encode(),
                "small": submission(_ticker(number), short_document(SMALL)),
            }
            for kind, content in contents.items():
                file = folder / f"{kind}-{number}"
                file.write_bytes(content)
                self._files[kind].append(file)

    def targets(self, system: RunningSystem, kind: str) -> list[Target]:
        """Submissions to the gateway."""
        if kind == "raw":
            urls = [f"{system.url}/analyze?ticker={_ticker(n)}&filing_year=2024" for n in range(DOCUMENTS)]
            return _targets(urls, self._files[kind], _HTML | system.headers)
        return _targets([f"{system.url}/analyze"] * DOCUMENTS, self._files[kind], _JSON | system.headers)

    def bare_targets(self, bare: str, kind: str) -> list[Target]:
        """The same bodies to the bare routes."""
        url, headers = (f"{bare}/raw", _HTML) if kind == "raw" else (f"{bare}/json", _JSON)
        return _targets([url] * DOCUMENTS, self._files[kind], headers)


def _warm_up(system: RunningSystem, bodies: Bodies, seconds: float) -> None:
    for kind in ("json", "small"):
        unpaced(bodies.targets(system, kind), connections=CONNECTIONS, seconds=seconds)


def _accepted_at_a_rate(system: RunningSystem, bodies: Bodies, seconds: float, beside: str) -> list[Figure]:
    load = paced(bodies.targets(system, "json"), rate=RATE, connections=CONNECTIONS, seconds=seconds)
    what = f"POST 2 MB, {RATE}/s, {beside}"
    return [Figure(f"{what}: p50", load.p50_ms, "ms"), Figure(f"{what}: p99", load.p99_ms, "ms", at_most=100)]


def _large_unpaced(system: RunningSystem, bare: str, bodies: Bodies, seconds: float, rounds: int) -> list[Figure]:
    figures: list[Figure] = []
    for kind in ("json", "raw"):
        rates = in_turn(
            {
                "gateway": partial(
                    answers_a_second, bodies.targets(system, kind), connections=CONNECTIONS, seconds=seconds
                ),
                "bare route": partial(
                    answers_a_second, bodies.bare_targets(bare, kind), connections=CONNECTIONS, seconds=seconds
                ),
                "bare producer": partial(
                    acknowledged_a_second, system.kafka, FILINGS, bodies.raw, in_flight=CONNECTIONS, seconds=seconds
                ),
            },
            rounds,
        )
        slower = min(rates["bare route"], rates["bare producer"])
        figures += [Figure(f"POST 2 MB {kind}, unpaced: {name}", rate, "a second") for name, rate in rates.items()]
        figures.append(
            Figure(f"POST 2 MB {kind}, unpaced: of the slower bare", rates["gateway"] / slower, "x", at_least=0.5)
        )
    return figures


def _small_unpaced(system: RunningSystem, bare: str, bodies: Bodies, seconds: float, rounds: int) -> list[Figure]:
    rates = in_turn(
        {
            "gateway": partial(
                answers_a_second, bodies.targets(system, "small"), connections=CONNECTIONS, seconds=seconds
            ),
            "bare route": partial(
                answers_a_second, bodies.bare_targets(bare, "small"), connections=CONNECTIONS, seconds=seconds
            ),
        },
        rounds,
    )
    figures = [Figure(f"POST 5 KB, unpaced: {name}", rate, "a second") for name, rate in rates.items()]
    ratio = rates["gateway"] / rates["bare route"]
    return [*figures, Figure("POST 5 KB, unpaced: of the bare route", ratio, "x", at_least=0.4)]


def _targets(urls: Sequence[str], files: Sequence[Path], headers: Mapping[str, str]) -> list[Target]:
    return [Target("POST", url, headers, file) for url, file in zip(urls, files, strict=True)]


def _ticker(number: int) -> str:
    return f"LARGE{number}"


if __name__ == "__main__":
    main()
