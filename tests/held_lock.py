"""For how long a piece of work holds Python's lock, in which time no event loop of the process runs."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_ATTEMPTS = 3


def holds_it_for(seconds: float, work: Callable[[], object]) -> bool:
    """Whether `work` runs in a thread for longer than this without letting another go on, by its processor time.

    The processor time of the thread, since a loaded machine stops both of them for any time. That the machine lets the
    working thread go on and not this one looks the same as a hold: so it counts if it is seen each time.
    """
    return all(_longest_hold(work) > seconds for _ in range(_ATTEMPTS))


def _longest_hold(work: Callable[[], object]) -> float:
    with ThreadPoolExecutor(1) as pool:
        clock = time.pthread_getcpuclockid(pool.submit(threading.get_ident).result())
        longest, last = 0.0, time.clock_gettime(clock)
        working = pool.submit(work)
        while not working.done():
            # Lets go of the lock, and asks for it.
            time.sleep(0)
            now = time.clock_gettime(clock)
            longest, last = max(longest, now - last), now
        working.result()
    return longest
