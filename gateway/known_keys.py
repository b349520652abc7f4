"""The keys that a gateway knows: those of the file, which it looks at with every request."""

import logging
from pathlib import Path

from gateway.keys import ApiKey, KeyFileUnreadable, hash_of, read_keys
from transport.replaced_file import stamp

log = logging.getLogger(__name__)


class KnownKeys:
    """The keys of a file; a change of the file counts from the next request on.

    Raises:
        KeyFileUnreadable: where the file is missing or damaged at the start.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fault: str | None = None
        self._stamp = stamp(file)
        self._by_hash = _by_hash(file)

    def find(self, key: str) -> ApiKey | None:
        """Whose key this is, be it expired or revoked.

        Looked up by its hash, so the time it takes tells nothing of a near miss.
        """
        self._load_if_changed()
        return self._by_hash.get(hash_of(key))

    def fault(self) -> str | None:
        """Why the keys are not those of the file, for a person and without its path; None where they are."""
        self._load_if_changed()
        return self._fault

    def _load_if_changed(self) -> None:
        found = stamp(self._file)
        if found == self._stamp:
            return
        # Before it is read: what changes while it is read is read again.
        self._stamp = found
        try:
            self._by_hash, self._fault = _by_hash(self._file), None
        except KeyFileUnreadable as error:
            # A slip in the file must not lock everybody out; nobody is let in by it either.
            self._fault = "the file of API keys can't be read or is damaged; the keys of before are still valid"
            log.error("%s; the keys of before are still valid", error)


def _by_hash(file: Path) -> dict[str, ApiKey]:
    return {key.sha256: key for key in read_keys(file)}
