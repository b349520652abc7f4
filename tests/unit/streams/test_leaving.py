"""A worker's end, where a part of Faust takes no notice of its being cancelled."""

import subprocess
import sys

_STUBBORN = """
import asyncio

from streams.worker import leave


class Stubborn:
    async def stop(self) -> None:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass


asyncio.run(leave(Stubborn(), within=0.1))
"""


def test_a_worker_that_cannot_leave_its_group_ends_in_time() -> None:
    ended = subprocess.run([sys.executable, "-c", _STUBBORN], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 70
    assert "could not leave its group in time" in ended.stderr
