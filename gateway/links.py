"""The links that answers hold: never to a host that only the sender of the request named."""

import re

from fastapi import Request

from gateway.settings import GatewaySettings

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?")


def link(request: Request, path: str) -> str:
    """An absolute link to `path` (without its first slash), or `/path` if the gateway does not know its own address.

    `SIGMAK_PUBLIC_URL` begins it, else `Host` if it names one of `SIGMAK_TRUSTED_HOSTS`. Any other `Host` may be
    what an attacker wants a client to follow.
    """
    settings: GatewaySettings = request.app.state.settings
    if settings.public_url is not None:
        return f"{str(settings.public_url).rstrip('/')}/{path}"
    host = request.headers.get("host", "")
    named = _HOST.fullmatch(host)
    if named is not None and named["name"].lower() in settings.trusted_hosts:
        return f"{request.url.scheme}://{host}/{path}"
    return f"/{path}"
