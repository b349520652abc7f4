"""W3C Trace Context: the caller's trace goes on with the filing, or a new one begins."""

import secrets
from collections.abc import Mapping

from schemas.envelope import valid_traceparent


def traceparent_of(headers: Mapping[str, str]) -> str:
    """The request's traceparent, or a new one where it has none that is valid."""
    return valid_traceparent(headers.get("traceparent")) or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
