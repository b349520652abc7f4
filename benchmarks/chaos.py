"""Kills, cuts and restarts what carries filings, and counts what was lost, doubled or told backwards.

    python -m benchmarks.chaos --seed 1 --filings 300
    python -m benchmarks.chaos --seed 1 --filings 40 --real

Prints a JSON document as its last line, and exits with 1 where a promise was not kept.
"""

import argparse
import json
import tempfile
from pathlib import Path

from tests.system.chaos.run import chaos

_FILING = Path("ops/demo/filings/KLMF_2024.html")


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--filings", type=int, default=300)
    parser.add_argument("--real", action="store_true", help="The real analysis, of a bundled filing.")
    parser.add_argument("--folder", type=Path, help="Keep logs and data here.")
    options = parser.parse_args()
    document = _FILING.read_text() if options.real else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        verdict, figures = chaos(options.seed, options.filings, folder, document=document)
    print(json.dumps(figures))
    raise SystemExit(0 if verdict.clean else 1)


if __name__ == "__main__":
    main()
