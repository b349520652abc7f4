"""`sigmak keys new|list|revoke`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from ops.failures import CommandFailed, UsageFailed
from ops.terminal import SafeConsole, say, say_error, say_json

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.keys import ApiKey, KeyLimits

KeysFile = Annotated[
    Path, typer.Option("--file", envvar="SIGMAK_API_KEYS_FILE", help="The file of API keys; made where it is missing.")
]
_OR_UNLIMITED = "a number or `unlimited`; the gateway's setting by default"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(no_args_is_help=True, help="API keys.")
    app.add_typer(keys, name="keys")

    @keys.command("new")
    def new(
        name: Annotated[str, typer.Argument(help="Whose key it is.")],
        file: KeysFile,
        high: Annotated[bool, typer.Option("--high", help="May submit with priority high.")] = False,
        scope: Annotated[
            list[str] | None, typer.Option(help="submit, read or read:all; may be repeated. Default: submit and read.")
        ] = None,
        read_all: Annotated[bool, typer.Option("--read-all", help="Scope read:all beside the others.")] = False,
        expires: Annotated[
            str | None, typer.Option(help="When it ends: 90d, 12h, 30m, or a date, at 0:00 UTC. Never by default.")
        ] = None,
        per_minute: Annotated[str | None, typer.Option(help=f"Submissions a minute: {_OR_UNLIMITED}.")] = None,
        waiting_tasks: Annotated[str | None, typer.Option(help=f"Tasks on their way: {_OR_UNLIMITED}.")] = None,
        open_streams: Annotated[str | None, typer.Option(help=f"Open event streams: {_OR_UNLIMITED}.")] = None,
        max_body_bytes: Annotated[int | None, typer.Option(help="The largest request body, in bytes.")] = None,
    ) -> None:
        """Make a key, print it once, and keep only its hash."""
        from gateway.keys import DEFAULT_SCOPES, add_key

        limits = _limits(
            submissions_per_minute=per_minute,
            waiting_tasks=waiting_tasks,
            open_streams=open_streams,
            max_body_bytes=max_body_bytes,
        )
        scopes = {*(scope or DEFAULT_SCOPES), *(["read:all"] if read_all else [])}
        expires_at = None if expires is None else _expiry(expires)
        with _told():
            record, secret = add_key(
                file,
                name,
                tier="high" if high else "standard",
                scopes=_valid_scopes(scopes),
                limits=limits,
                expires_at=expires_at,
            )
        say(secret)
        say_error(f"This key of {name} ({record.id}) is shown only now; {file} holds its hash.")

    @keys.command("list")
    def list_(
        file: KeysFile, json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False
    ) -> None:
        """List the keys with what they may do, and those that are no longer valid; never a key or its hash."""
        from gateway.keys import read_keys

        with _told():
            facts = [_facts(key) for key in read_keys(file)]
        if json:
            say_json(orjson.dumps(facts))
        else:
            _print_table(facts)

    @keys.command("revoke")
    def revoke(key: Annotated[str, typer.Argument(help="The key's id, or its name.")], file: KeysFile) -> None:
        """Make a key invalid, from the next request on at every gateway that reads the file."""
        from gateway.keys import revoke_key

        with _told():
            revoked = revoke_key(file, key)
        at = _text(revoked.revoked_at)
        say_error(f"The key {revoked.id} of {revoked.name} is revoked since {at}.")


@contextmanager
def _told() -> "Iterator[None]":
    from gateway.keys import KeyFileUnreadable, NoSuchKey

    try:
        yield
    except (KeyFileUnreadable, NoSuchKey) as error:
        raise CommandFailed(str(error)) from error


def _limits(**given: object) -> "KeyLimits":
    from pydantic import ValidationError

    from gateway.keys import KeyLimits

    try:
        return KeyLimits.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        names = ", ".join(sorted({str(each["loc"][0]) for each in error.errors()}))
        raise UsageFailed(
            f"not a limit: {names}. Give a number above 0 (of bytes, from 1024) or `unlimited`"
        ) from error


def _valid_scopes(scopes: set[str]) -> frozenset[Any]:
    from typing import get_args

    from gateway.keys import Scope

    if unknown := scopes - set(get_args(Scope)):
        raise UsageFailed(f"no scope: {', '.join(sorted(unknown))}; there are {', '.join(get_args(Scope))}")
    return frozenset(scopes)


def _expiry(said: str) -> "datetime":
    from datetime import UTC, datetime

    from ops.expiry import expiry

    try:
        return expiry(said, datetime.now(UTC))
    except ValueError as error:
        raise UsageFailed(str(error)) from error


def _facts(key: "ApiKey") -> dict[str, Any]:
    from datetime import UTC, datetime

    expired = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    state = "revoked" if key.revoked_at is not None else "expired" if expired else "valid"
    return {
        "id": key.id,
        "name": key.name,
        "state": state,
        "tier": key.tier,
        "scopes": sorted(key.scopes),
        "created_at": _text(key.created_at),
        "expires_at": _text(key.expires_at),
        "revoked_at": _text(key.revoked_at),
        "limits": key.limits.model_dump(exclude_none=True),
    }


def _text(moment: "datetime | None") -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _print_table(facts: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for name in ("id", "name", "state", "tier", "scopes", "expires", "limits"):
        # What one copies must be whole in a narrow terminal, too.
        table.add_column(name, no_wrap=name == "id")
    for each in facts:
        limits = " ".join(f"{name}={value}" for name, value in each["limits"].items())
        scopes = " ".join(each["scopes"])
        table.add_row(each["id"], each["name"], each["state"], each["tier"], scopes, each["expires_at"] or "", limits)
    SafeConsole().print(table)
