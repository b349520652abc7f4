"""API keys: a file of hashes, and who a request's key belongs to."""

import hashlib
import os
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Scope = Literal["submit", "read", "read:all"]
Tier = Literal["standard", "high"]

_PREFIX = "sigmak_"
_SECRET_BYTES = 32


class ApiKey(BaseModel):
    """One key as the file has it. The key itself is random, so a plain hash of it tells nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: str
    """Stands for the key in events and logs; tasks belong to it."""
    name: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tier: Tier = "standard"
    """`high` may submit to the priority lane."""
    scopes: frozenset[Scope] = frozenset({"submit", "read"})
    """`read:all` also reads tasks of other keys and of upstream systems."""
    created_at: datetime


class _KeyFile(BaseModel):
    keys: tuple[ApiKey, ...] = ()


class KeyFileUnreadable(ValueError):
    """The file of API keys is missing or damaged; the text names it."""


class ApiKeys:
    """The keys of a file; a change of the file is seen at the next request."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int, int] | None = None
        self._by_hash: dict[str, ApiKey] = {}
        self._load_if_changed()

    def find(self, key: str) -> ApiKey | None:
        """Whose key this is. Looked up by its hash, so the time it takes tells nothing of a near miss."""
        self._load_if_changed()
        return self._by_hash.get(_hash(key))

    def _load_if_changed(self) -> None:
        try:
            stat = self._file.stat()
        except OSError as error:
            raise KeyFileUnreadable(f"the file of API keys {self._file} can't be read: {error.strerror}") from error
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp != self._stamp:
            self._by_hash = {key.sha256: key for key in read_keys(self._file)}
            self._stamp = stamp


def read_keys(file: Path) -> tuple[ApiKey, ...]:
    """The keys of a file.

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
    file: Path, name: str, *, tier: Tier = "standard", scopes: frozenset[Scope] = frozenset({"submit", "read"})
) -> tuple[ApiKey, str]:
    """Make a key and add its hash to the file, which is made if it is missing. Returns its record and the key.

    Raises:
        KeyFileUnreadable: where the file is something else.
    """
    secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    record = ApiKey(
        id=f"key-{secrets.token_hex(6)}",
        name=name,
        sha256=_hash(secret),
        tier=tier,
        scopes=scopes,
        created_at=datetime.now(UTC),
    )
    existing = read_keys(file) if file.exists() else ()
    _write(file, _KeyFile(keys=(*existing, record)))
    return record, secret


def _write(file: Path, content: _KeyFile) -> None:
    # Written beside and renamed: a gateway that reads meanwhile sees the old file or the new one, never half.
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content.model_dump_json(indent=2) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    Path(temporary).replace(file)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
