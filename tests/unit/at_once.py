"""Runs a script in several processes at the same moment."""

import subprocess
import sys
from collections.abc import Sequence


def run_at_once(imports: str, script: str, *arguments: Sequence[object]) -> None:
    """Run the script once with each of the arguments, as `sys.argv[1:]`; none begins before all have their imports."""
    waiting = f"import sys\n{imports}\nprint('ready', flush=True)\nsys.stdin.readline()\n{script}"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", waiting, *map(str, each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for each in arguments
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.communicate(timeout=60)
    assert [process.returncode for process in running] == [0] * len(running)
