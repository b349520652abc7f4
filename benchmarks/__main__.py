"""Runs the benchmarks of the running system, one after the other, and prints their figures as one JSON list.

python -m benchmarks [SCRIPT ...]
"""

import json
import subprocess
import sys
import time
from typing import Any

SCRIPTS = ("submissions", "status_reads", "task_rate", "filings_rate", "gateway_restart", "listing", "event_streams")


def main() -> None:
    """Run those of the command line, or all; exits with 1 where one of them breaks."""
    documents: list[dict[str, Any]] = []
    broken = 0
    for script in sys.argv[1:] or SCRIPTS:
        began = time.monotonic()
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", f"benchmarks.{script}"], stdout=subprocess.PIPE, check=False
        )
        _say(f"{script}: {time.monotonic() - began:.0f} s")
        if answer.returncode != 0:
            _say(f"{script} broke, with exit code {answer.returncode}")
            broken += 1
            continue
        documents.append(json.loads(answer.stdout))
        for figure in documents[-1]["figures"]:
            if figure.get("met") is False:
                _say(f"  missed: {figure['name']}: {figure['value']} {figure['unit']}, aim {figure['aim']}")
    print(json.dumps(documents, indent=1))
    sys.exit(1 if broken else 0)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
