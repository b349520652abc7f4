"""Callback URLs: where somebody wants to be told that a task or a batch has ended."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

_LONGEST = 2048
_VISIBLE_ASCII = re.compile(r"[!-~]+")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]*)?")
"""Without a scope (`%eth0`), which would choose the network interface."""
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback URL in its parts. It is parsed here alone: two parsers that differ could be played against each other.

    Attributes:
        host: in lower case, an IPv6 address without its brackets.
        target: path and query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def receiver(self) -> str:
        """Who is called, without path and query, which may hold a secret of the receiver's."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @classmethod
    def of(cls, url: str) -> "Callback":
        """The parts of a URL.

        Raises:
            ValueError: where it is none that can be called; the text says why.
        """
        if not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
            raise ValueError("give a URL of visible ASCII characters, others percent-encoded")
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise ValueError("give a URL that begins with https://")
        if "@" in parts.netloc:
            raise ValueError("give a URL without user name and password")
        if "#" in url:
            raise ValueError("give a URL without a fragment, which is never sent")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, _host(parts), _port(parts), target)


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        if _BRACKETED.fullmatch(parts.netloc):
            return str(IPv6Address(host))
    elif _NAME.fullmatch(host):
        return host
    raise ValueError("give a URL with a host name or address")


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("give a URL with a port of 1 to 65535, or none") from error
    if port == 0:
        raise ValueError("give a URL with a port of 1 to 65535, or none")
    return _PORTS[parts.scheme] if port is None else port


def _callable(url: str) -> str:
    Callback.of(url)
    return url


CallbackUrl = Annotated[
    str,
    Field(max_length=_LONGEST, json_schema_extra={"format": "uri"}, examples=["https://example.com/hooks/sigmak"]),
    AfterValidator(_callable),
]
