"""The signing secrets of webhooks: a file of its own, one secret an API key, and for a while the one before it."""

import base64
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transport import replaced_file

_PREFIX = "whsec_"
_SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""


class _Retired(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret: str = Field(repr=False)
    valid_until: datetime


class _OwnersSecrets(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret: str = Field(repr=False)
    retired: tuple[_Retired, ...] = ()


class _SecretsFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secrets: dict[str, _OwnersSecrets] = {}
    """By the id of the API key."""


class SecretsUnreadable(ValueError):
    """The file of signing secrets can't be read, or is damaged; the text names it."""


class SecretExists(ValueError):
    """The key has a secret already, and nobody said that it is to be rotated."""


class WebhookSecrets:
    """The secrets of a file; a change of it is seen at the next question. One that is not there or empty holds none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: replaced_file.Stamp | None = None
        self._content = _SecretsFile()

    def valid(self, owner: str, now: datetime) -> tuple[str, ...]:
        """The secrets that sign for an API key, the newest first; empty where it has none.

        Raises:
            SecretsUnreadable: where the file is damaged.
        """
        self._load_if_changed()
        found = self._content.secrets.get(owner)
        if found is None:
            return ()
        return (found.secret, *(old.secret for old in found.retired if old.valid_until > now))

    def _load_if_changed(self) -> None:
        stamp = replaced_file.stamp(self._file)
        if stamp is None or stamp != self._stamp:
            self._content, self._stamp = _read(self._file), stamp


def make_secret(file: Path, owner: str, *, now: datetime, keep: timedelta | None = None) -> str:
    """Make a secret for an API key, write it to the file, which is made if it is missing, and return it.

    Args:
        keep: how long the secret that it replaces signs as well; None where it is the first.

    Raises:
        SecretExists: there is one, and `keep` is None.
        SecretsUnreadable: where the file is something else.
    """
    secret = _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    with replaced_file.alone(file):
        content = _read(file)
        earlier = content.secrets.get(owner)
        if earlier is not None and keep is None:
            raise SecretExists(f"{owner} has a signing secret already; --rotate makes another")
        retired: tuple[_Retired, ...] = ()
        if earlier is not None and keep is not None:
            still_valid = (old for old in earlier.retired if old.valid_until > now)
            retired = (_Retired(secret=earlier.secret, valid_until=now + keep), *still_valid)
        made = _OwnersSecrets(secret=secret, retired=retired)
        changed = _SecretsFile(secrets={**content.secrets, owner: made})
        replaced_file.replace(file, changed.model_dump_json(indent=2) + "\n")
    return secret


def _read(file: Path) -> _SecretsFile:
    try:
        written = file.read_bytes()
        return _SecretsFile.model_validate_json(written) if written else _SecretsFile()
    except FileNotFoundError:
        return _SecretsFile()
    except OSError as error:
        raise SecretsUnreadable(f"the file of signing secrets {file} can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise SecretsUnreadable(
            f"{file} is not a file of signing secrets; `sigmak webhooks secret` writes one"
        ) from error
