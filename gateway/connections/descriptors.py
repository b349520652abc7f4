"""The limit of open files, which bounds the connections: without a free descriptor a process accepts none."""

import resource

_RESERVED = 256
"""Descriptors for all that is no connection of the main port: the table's files, Kafka, the probes, documents."""
BACKLOG = 128
"""Connections that the kernel keeps until they are accepted. All are accepted at once, before the first is counted."""
_WANTED_SPARE = 1024
"""Descriptors beyond the connections if the hard limit has them: a table of many files needs more than the least."""


def connections_that_fit(wanted: int) -> int:
    """How many connections may be open, up to `wanted`; raises the soft limit of open files for them if it can.

    Raises:
        ValueError: if the hard limit of open files leaves room for none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + BACKLOG + _RESERVED + _WANTED_SPARE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return wanted
    fitting = min(wanted, soft - BACKLOG - _RESERVED)
    if fitting < 2:
        raise ValueError(
            f"the limit of open files is {soft}, and a gateway needs {BACKLOG + _RESERVED + 2} (ulimit -n)"
        )
    return fitting
