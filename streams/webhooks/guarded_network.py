"""Connects to the addresses that were checked, and to no others: a name is resolved once, here."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore

from streams.webhooks.addresses import may_be_called
from transport.allowed_receivers import Address, AllowedReceivers

_TRIED = 4
"""Addresses of one name; the attempt's own deadline ends sooner than hundreds of dead ones."""
_RESOLVERS = 400
"""Threads of their own: names whose servers do not answer would keep those that Kafka is read with. Twice as many as
attempts are in hand at a time: a question goes on when its attempt has given up."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class NameUnknown(OSError):
    """A host name has no address."""


class AddressRefused(OSError):
    """All addresses of a host are such that webhooks may not go to."""


class SystemResolver:
    """Asks the system for a name's addresses."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """The addresses, in the system's order.

        Raises:
            NameUnknown: where there is none.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except OSError as error:
            raise NameUnknown(f"{host} has no address") from error
        return [ip_address(where[0]) for *_, where in found]

    def close(self) -> None:
        """Wait for no answer any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """What httpcore opens connections with. TLS still asks for the name that the URL has, and so does HTTP."""

    def __init__(
        self, resolve: Resolve, allowed: AllowedReceivers, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._resolve, self._allowed = resolve, allowed
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first permitted address that takes one.

        Raises:
            NameUnknown: where the name has no address. AddressRefused: where none of them is permitted.
            httpcore.ConnectError, httpcore.ConnectTimeout: where none takes a connection.
        """
        permitted = [address for address in await self._resolve(host, port) if self._may_be_called(host, port, address)]
        if not permitted:
            raise AddressRefused(f"{host} is on no address that webhooks may go to")
        *first, last = permitted[:_TRIED]
        for address in first:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(str(last), port, timeout, local_address, socket_options)

    def _may_be_called(self, host: str, port: int, address: Address) -> bool:
        return may_be_called(address) or self._allowed.holds(address) or self._allowed.names(host, port)
