"""Runs the benchmarks of the running system, one after the other, and prints their figures as one JSON list.

python -m benchmarks [SCRIPT ...]
"""

import json
import subprocess
import sys
import time
from typing import Any

from benchmarks.rig.warm_kafka import one_for_all

SCRIPTS = ("submissions", "status_reads", "task_rate", "filings_rate", "gateway_restart", "listing", "event_streams")


def main() -> None:
    """Run those of the command line, or all; exits with 1 where one of them breaks."""
    documents: list[dict[str, Any]] = []
    broken = 0
    began = time.monotonic()
    with one_for_all():
        _say(f"a Kafka that is warm: {time.monotonic() - began:.0f} s")
        for script in sys.argv[1:] or SCRIPTS:
            document = _run(script)
            if document is None:
                broken += 1
            else:
                documents.append(document)
    print(json.dumps(documents, indent=1))
    sys.exit(1 if broken else 0)


def _run(script: str) -> dict[str, Any] | None:
    """What it prints; None where it breaks."""
    began = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"benchmarks.{script}"], stdout=subprocess.PIPE, check=False
    )
    _say(f"{script}: {time.monotonic() - began:.0f} s")
    if answer.returncode != 0:
        _say(f"{script} broke, with exit code {answer.returncode}")
        return None
    document: dict[str, Any] = json.loads(answer.stdout)
    for figure in document["figures"]:
        if figure.get("met") is False:
            _say(f"  missed: {figure['name']}: {figure['value']} {figure['unit']}, aim {figure['aim']}")
    return document


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
