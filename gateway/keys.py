"""API keys as their file has them: hashes, what each may do, and until when."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from transport import replaced_file

Scope = Literal["submit", "read", "read:all"]
Tier = Literal["standard", "high"]
Limit = Annotated[int, Field(ge=1)] | Literal["unlimited"]
"""There is no 0: a key that may not do something lacks its scope."""

DEFAULT_SCOPES: frozenset[Scope] = frozenset({"submit", "read"})
_PREFIX = "sigmak_"
_SECRET_BYTES = 32
_ON_FILE = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class KeyLimits(BaseModel):
    """A key's own limits; for one that is absent the gateway's setting of the same name counts."""

    model_config = _ON_FILE

    submissions_per_minute: Limit | None = None
    """Filings that may be submitted within 60 s, over all gateways."""
    max_body_bytes: Annotated[int, Field(ge=1024)] | None = None
    """A larger request body is refused. Never unlimited: a gateway holds it in memory."""
    open_streams: Limit | None = None
    """Event streams that may be open at one gateway."""
    waiting_tasks: Limit | None = None
    """Tasks that may be on their way, over all gateways."""


UNLIMITED = KeyLimits(submissions_per_minute="unlimited", open_streams="unlimited", waiting_tasks="unlimited")


class ApiKey(BaseModel):
    """One key as the file has it. The key itself is random, so a plain hash of it tells nothing."""

    model_config = _ON_FILE

    id: str
    """Stands for the key in events and logs; tasks belong to it."""
    name: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tier: Tier = "standard"
    """`high` may submit to the priority lane."""
    scopes: frozenset[Scope] = DEFAULT_SCOPES
    """`read:all` also reads tasks of other keys and of upstream systems."""
    limits: KeyLimits = KeyLimits()
    """Its own limits."""
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    """From then on it is not valid; never, where it is absent."""
    revoked_at: AwareDatetime | None = None
    """Since then it is not valid. A revoked key stays in the file: its tasks still tell whose they were."""


class _KeyFile(BaseModel):
    keys: tuple[ApiKey, ...] = ()


class KeyFileUnreadable(ValueError):
    """The file of API keys is missing or damaged; the text names it."""


class NoSuchKey(LookupError):
    """There is no key of that id or name, or several of that name; the text says which."""


def hash_of(key: str) -> str:
    """What the file has of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_keys(file: Path) -> tuple[ApiKey, ...]:
    """The keys of a file, the revoked and expired included.

    Raises:
        KeyFileUnreadable: where there is no such file, or it is no key file.
    """
    try:
        return _KeyFile.model_validate_json(file.read_bytes()).keys
    except OSError as error:
        raise KeyFileUnreadable(f"the file of API keys {file} can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise KeyFileUnreadable(f"{file} is not a file of API keys; `sigmak keys new` writes one") from error


def add_key(
    file: Path,
    name: str,
    *,
    tier: Tier = "standard",
    scopes: frozenset[Scope] = DEFAULT_SCOPES,
    limits: KeyLimits = KeyLimits(),  # noqa: B008, it is frozen
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and add its hash to the file, which is made if it is missing. Returns its record and the key.

    Raises:
        KeyFileUnreadable: where the file is something else.
    """
    secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    record = ApiKey(
        id=f"key-{secrets.token_hex(6)}",
        name=name,
        sha256=hash_of(secret),
        tier=tier,
        scopes=scopes,
        limits=limits,
        created_at=datetime.now(UTC),
        expires_at=expires_at,
    )
    with replaced_file.alone(file):
        existing = read_keys(file) if file.exists() else ()
        _write(file, (*existing, record))
    return record, secret


def revoke_key(file: Path, key: str) -> ApiKey:
    """Note in the file that a key is no longer valid; one that was revoked before stays as it is.

    Args:
        file: the file of API keys.
        key: its id, or its name where only one valid key has it.

    Raises:
        KeyFileUnreadable: where the file is missing or something else.
        NoSuchKey: where it is not clear which key is meant.
    """
    if not file.exists():
        raise KeyFileUnreadable(f"there is no file of API keys {file}")
    with replaced_file.alone(file):
        keys = read_keys(file)
        found = _named(keys, key)
        if found.revoked_at is not None:
            return found
        revoked = found.model_copy(update={"revoked_at": datetime.now(UTC)})
        _write(file, tuple(revoked if each.id == found.id else each for each in keys))
    return revoked


def _named(keys: tuple[ApiKey, ...], name: str) -> ApiKey:
    by_id = [key for key in keys if key.id == name]
    by_name = [key for key in keys if key.name == name]
    # Of several that had a name in turn, the one that still counts is meant.
    found = by_id or [key for key in by_name if key.revoked_at is None] or by_name[:1]
    if not found:
        raise NoSuchKey(f"there is no API key of the id or name {name}; `sigmak keys list` shows them")
    if len(found) > 1:
        ids = ", ".join(key.id for key in found)
        raise NoSuchKey(f"{len(found)} API keys have the name {name}: say which by its id ({ids})")
    return found[0]


def _write(file: Path, keys: tuple[ApiKey, ...]) -> None:
    replaced_file.replace(file, _KeyFile(keys=keys).model_dump_json(indent=2, exclude_none=True) + "\n")
