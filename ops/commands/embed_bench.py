"""`sigmak embed-bench`: how fast and how exact each way of embedding is on this processor."""

from time import process_time

import typer

from ops.failures import CommandFailed
from ops.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("embed-bench")
    def embed_bench() -> None:
        """Measure the ways of embedding here, and name the settings to choose."""
        from streams.analysis.embedding import BackendNotInstalled
        from streams.analysis.embedding.benchmark import Measured, compare, recommended

        rows = []
        try:
            for row in compare(process_time):
                if isinstance(row, Measured):
                    speed = f"{row.paragraphs_a_second:6.1f} paragraphs a second"
                    say(f"{row.runtime:<28}{speed}, lowest cosine {row.lowest_cosine:.6f}")
                    rows.append(row)
                else:
                    say(f"{' '.join(row.setting):<28}not measured: {row.why}")
        except BackendNotInstalled as error:
            raise CommandFailed(str(error)) from error
        backend, precision = recommended(rows)
        say(f"Choose SIGMAK_EMBEDDING_BACKEND={backend} SIGMAK_EMBEDDING_PRECISION={precision}")
