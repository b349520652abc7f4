"""`sigmak embed-bench`: how fast and how exact each way of embedding is on this processor."""

from time import process_time

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("embed-bench")
    def embed_bench() -> None:
        """Measure the ways of embedding here, and name the setting to choose."""
        from streams.analysis.embedding.benchmark import compare, recommended

        measured = compare(process_time)
        for row in measured:
            speed = f"{row.paragraphs_a_second:6.1f} paragraphs a second"
            typer.echo(f"{row.setting:<16}{speed}, lowest cosine {row.lowest_cosine:.6f}")
        typer.echo(f"Choose SIGMAK_EMBEDDING_PRECISION={recommended(measured).precision}")
