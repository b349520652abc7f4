"""`sigmak keys new`."""

from pathlib import Path
from typing import Annotated

import typer

from ops.failures import CommandFailed

KeysFile = Annotated[
    Path, typer.Option("--file", envvar="SIGMAK_API_KEYS_FILE", help="The file of API keys; made where it is missing.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(no_args_is_help=True, help="API keys.")
    app.add_typer(keys, name="keys")

    @keys.callback()
    def group() -> None:
        """API keys."""

    @keys.command("new")
    def new(
        name: Annotated[str, typer.Argument(help="Whose key it is.")],
        file: KeysFile,
        high: Annotated[bool, typer.Option("--high", help="May submit with priority high.")] = False,
        read_all: Annotated[bool, typer.Option("--read-all", help="May read the tasks of all keys.")] = False,
    ) -> None:
        """Make a key, print it once, and keep only its hash."""
        from gateway.keys import KeyFileUnreadable, Scope, add_key

        scopes: frozenset[Scope] = frozenset({"submit", "read"})
        try:
            _, secret = add_key(
                file, name, tier="high" if high else "standard", scopes=scopes | {"read:all"} if read_all else scopes
            )
        except KeyFileUnreadable as error:
            raise CommandFailed(str(error)) from error
        typer.echo(secret)
        typer.echo(f"This key of {name} is shown only now; {file} holds its hash.", err=True)
