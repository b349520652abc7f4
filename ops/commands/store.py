"""`sigmak store init|check`."""

from typing import TYPE_CHECKING

import typer

from ops.failures import CommandFailed, ServerAway
from ops.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from streams.settings import WorkerSettings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    store = typer.Typer(no_args_is_help=True, help="The vector store that SIGMAK_STORE names.")
    app.add_typer(store, name="store")

    @store.command("init")
    def init() -> None:
        """Make the collections that are missing, for the vectors of the embedding model."""
        from streams.assembly import configured_space, init_store

        settings = _settings()
        with _failures_in_a_line():
            made = init_store(settings, configured_space(settings))
        say(*[f"{name}: created" for name in made] or [f"{_named(settings)} is as it should be."])

    @store.command("check")
    def check() -> None:
        """Say how the store differs from what the workers need; exit 1 where it does."""
        from streams.assembly import configured_space, open_store

        settings = _settings()
        with _failures_in_a_line():
            open_store(settings, configured_space(settings)).close()
        say(f"{_named(settings)} is as it should be.")


def _settings() -> "WorkerSettings":
    from ops.settings import load
    from streams.settings import WorkerSettings

    return load(WorkerSettings)


def _named(settings: "WorkerSettings") -> str:
    place = settings.store_dir if settings.store == "lancedb" else settings.weaviate_url
    return f"The store ({settings.store}, {place})"


def _failures_in_a_line() -> "AbstractContextManager[None]":
    from contextlib import contextmanager

    from streams.analysis_port import AnalysisNotReady
    from streams.stores.protocol import StoreMismatch, StoreUnavailable

    @contextmanager
    def failures_in_a_line() -> "Iterator[None]":
        try:
            yield
        except StoreUnavailable as error:
            raise ServerAway(str(error)) from error
        except (StoreMismatch, AnalysisNotReady) as error:
            raise CommandFailed(str(error)) from error

    return failures_in_a_line()
