"""Puts the figures of `make bench` into docs/performance.md, between the marks of each script.

make bench > figures.json
python -m benchmarks.tables figures.json
"""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> None:
    """Rewrite the page's tables from the file that the command line names."""
    page = PAGE.read_text()
    for document in json.loads(Path(sys.argv[1]).read_text()):
        page = with_table(page, document["script"], table(document, datetime.now(UTC)))
    PAGE.write_text(page)


def table(document: dict[str, Any], date: datetime) -> str:
    """One script's figures in Markdown, below the machine and the date."""
    machine = document["machine"]
    conditions = ", ".join(f"{name} {value}" for name, value in document["conditions"].items())
    hardware = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB"
    lines = [
        f"{date:%Y-%m-%d}, {hardware}, load before {machine['load_before']}; {conditions}",
        "",
        "| figure | measured | aim | met |",
        "|---|---|---|---|",
    ]
    for figure in document["figures"]:
        met = {True: "yes", False: "**no**", None: ""}[figure.get("met")]
        lines.append(f"| {figure['name']} | {figure['value']:,} {figure['unit']} | {figure.get('aim', '')} | {met} |")
    return "\n".join(lines)


def with_table(page: str, script: str, content: str) -> str:
    """The page with this between the script's marks.

    Raises:
        ValueError: where it has no such marks.
    """
    begin, end = f"<!-- {script} -->", f"<!-- /{script} -->"
    new, count = re.subn(
        f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", lambda _: f"{content}\n", page, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"{PAGE.name} has no place for {script}")
    return new


if __name__ == "__main__":
    main()
