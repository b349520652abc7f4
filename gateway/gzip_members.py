"""Unpacks gzip members one after another; zeros behind one are skipped, as gzip(1) does.

The standard library reads such zeros one by one: 20 MB of them held a thread for 1.2 s.
"""

import zlib
from typing import BinaryIO

_CHUNK = 64 * 1024
"""Bytes of the packed text at a time: zlib copies what it leaves of a chunk behind each member."""
_GZIP_FORMAT = 31


class GzipMembers:
    """A stream of what is packed in a file of gzip members."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._chunk = b""
        self._member: zlib._Decompress | None = zlib.decompressobj(_GZIP_FORMAT)

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, not none before the end.

        Raises:
            EOFError: the last member is cut off.
            zlib.error: what is there is no gzip.
        """
        while True:
            if self._member is None and not self._begin_member():
                return b""
            assert self._member is not None
            chunk = self._chunk or self._packed.read(_CHUNK)
            unpacked = self._member.decompress(chunk, size)
            self._chunk = self._member.unconsumed_tail
            if self._member.eof:
                self._chunk, self._member = self._member.unused_data, None
            elif not chunk and not unpacked:
                raise EOFError
            if unpacked:
                return unpacked

    def _begin_member(self) -> bool:
        """Skip zeros; False at the end of the file."""
        while not (rest := self._chunk.lstrip(b"\0")):
            self._chunk = self._packed.read(_CHUNK)
            if not self._chunk:
                return False
        self._chunk = rest
        self._member = zlib.decompressobj(_GZIP_FORMAT)
        return True
