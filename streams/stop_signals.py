"""How a process of ours is told to end."""

import asyncio
import signal


def stop_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set, instead of ending the process; of the running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
