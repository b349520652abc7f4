"""The API key that `sigmak up` hands out, and what signs its webhooks: the same for as long as its data are kept."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.keys import UNLIMITED, ApiKey, Scope, add_key, hash_of, read_keys
from transport import replaced_file
from transport.webhook_secrets import WebhookSecrets, make_secret

_NAME = "development"
_ALL_SCOPES: frozenset[Scope] = frozenset({"submit", "read", "read:all"})


@dataclass(frozen=True, slots=True)
class DevelopmentKey:
    """A key that may do all there is, without limits.

    Attributes:
        id: stands for it in events.
    """

    id: str
    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


def development_key(keys: Path, secrets: Path, kept: Path) -> DevelopmentKey:
    """The key that was handed out before, where it is still valid, else a new one.

    Tasks belong to the key that made them: with another one after each start, nobody could read those of before.

    Args:
        keys: the file of API keys, which has its hash.
        secrets: the file of signing secrets.
        kept: the file that has the key itself, readable by its owner only.

    Raises:
        KeyFileUnreadable: where `keys` is something else.
        SecretsUnreadable: where `secrets` is.
    """
    record, key = _handed_out(keys, kept) or _new(keys, kept)
    now = datetime.now(UTC)
    signing = WebhookSecrets(secrets).valid(record.id, now)
    return DevelopmentKey(record.id, key, signing[0] if signing else make_secret(secrets, record.id, now=now))


def _handed_out(keys: Path, kept: Path) -> tuple[ApiKey, str] | None:
    if not (keys.exists() and kept.exists()):
        return None
    key = kept.read_text(encoding="utf-8", errors="replace").strip()
    valid = {record.sha256: record for record in read_keys(keys) if record.revoked_at is None}
    record = valid.get(hash_of(key))
    return None if record is None else (record, key)


def _new(keys: Path, kept: Path) -> tuple[ApiKey, str]:
    record, key = add_key(keys, _NAME, tier="high", scopes=_ALL_SCOPES, limits=UNLIMITED)
    replaced_file.replace(kept, key + "\n")
    return record, key
