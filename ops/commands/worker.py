"""`sigmak worker`."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.failures import CommandFailed
from ops.local.process import bound_to_parent

if TYPE_CHECKING:
    from streams.settings import WorkerSettings


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("worker")
    def worker(
        processes: Annotated[int, typer.Option("-n", "--processes", min=1, help="One a core is right.")] = 1,
    ) -> None:
        """Run workers: they read filings from Kafka and publish their risks. Settings come from SIGMAK_*."""
        from ops.settings import load
        from streams.settings import WorkerSettings

        settings = load(WorkerSettings)
        if processes == 1:
            _run_one(settings)
        else:
            _run_many(processes, settings.worker_dir, settings.worker_probe_port)


def _run_one(settings: "WorkerSettings") -> None:
    from streams.analysis_port import AnalysisNotReady
    from streams.topic_check import WrongTopics
    from streams.worker import run_worker

    # As the `python -m` of a stack's workers has it: SIGMAK_ANALYSIS may name a module of the current folder.
    sys.path.insert(0, "")
    try:
        run_worker(settings)
    except (WrongTopics, AnalysisNotReady) as error:
        raise CommandFailed(str(error)) from error


def _run_many(processes: int, folder: Path, probe_port: int) -> None:
    """One process each, in folders of their own; told to stop, all stop, and one that dies stops the rest."""
    children = [
        subprocess.Popen(
            bound_to_parent([sys.executable, "-m", "ops.main", "worker"]),
            env={
                **os.environ,
                "SIGMAK_WORKER_DIR": str(folder / str(number)),
                "SIGMAK_WORKER_PROBE_PORT": str(probe_port + number if probe_port else 0),
            },
        )
        for number in range(processes)
    ]

    def stop(*_args: object) -> None:
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    stop()
    if any(child.wait() != 0 for child in children):
        raise CommandFailed("a worker ended by itself; its log above says why")
