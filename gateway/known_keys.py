"""The keys that a gateway knows: those of the file, which it looks at with every request."""

import logging
from pathlib import Path

from gateway.keys import ApiKey, KeyFileUnreadable, hash_of, read_keys
from transport.replaced_file import Stamp, stamp

log = logging.getLogger(__name__)


class KnownKeys:
    """The keys of a file; a change of the file counts from the next request on.

    Raises:
        KeyFileUnreadable: where the file is missing or damaged at the start.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fault: str | None = None
        self._tried: Stamp | None = None
        # Before it is read: what changes while it is read is read again.
        self._read: Stamp | None = stamp(file)
        self._by_hash = _by_hash(file)

    def find(self, key: str) -> ApiKey | None:
        """Whose key this is, be it expired or revoked.

        Looked up by its hash, so the time it takes tells nothing of a near miss.
        """
        self._load_if_changed()
        return self._by_hash.get(hash_of(key))

    def current(self, known: ApiKey) -> ApiKey | None:
        """A key as the file has it now; None if it is no longer there."""
        self._load_if_changed()
        return self._by_hash.get(known.sha256)

    def fault(self) -> str | None:
        """Why the keys are not those of the file, for a person and without its path; None where they are."""
        self._load_if_changed()
        return self._fault

    def _load_if_changed(self) -> None:
        found = stamp(self._file)
        if found is not None and found == self._read:
            # Also where it was away, and came back as it was.
            self._fault = None
            return
        try:
            # Again with each request until it can be: whether it may be read changes without a new stamp, and the
            # keys that were revoked in it would stay valid until the next change.
            self._by_hash = _by_hash(self._file)
        except KeyFileUnreadable as error:
            self._note(error, found)
        else:
            self._read, self._fault = found, None

    def _note(self, error: KeyFileUnreadable, found: Stamp | None) -> None:
        """A slip in the file must not lock everybody out; nobody is let in by it either."""
        if self._fault is None or found != self._tried:
            log.error("%s; the keys of before are still valid", error)
        self._fault = "the file of API keys can't be read or is damaged; the keys of before are still valid"
        self._tried = found


def _by_hash(file: Path) -> dict[str, ApiKey]:
    return {key.sha256: key for key in read_keys(file)}
