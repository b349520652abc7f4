"""What the kernel knows of a process."""

from pathlib import Path


def command_of(pid: int) -> str:
    """The command line of a process that lives."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()


def alive(pid: int) -> bool:
    """Whether a process has not ended; a zombie has, though nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
