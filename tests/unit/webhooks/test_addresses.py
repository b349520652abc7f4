"""Where a webhook may go, by address and by name."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from streams.webhooks.addresses import may_be_called
from streams.webhooks.guarded_network import AddressRefused, GuardedNetwork
from transport.allowed_receivers import Address, AllowedReceivers

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:80e::200e"]
NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1",
    "2001:0:53aa:64c:0:fbfe:3aff:fffe", "3fff::1", "5f00::1", "::127.0.0.1", "64:ff9b:1::7f00:1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_called(address: str) -> None:
    assert may_be_called(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_nothing_else_may(address: str) -> None:
    assert not may_be_called(ip_address(address))


def hidden(ipv4: str) -> list[Address]:
    """IPv6 addresses whose packets end at an IPv4 one: mapped, NAT64, 6to4."""
    packed = int(ip_address(ipv4))
    return [
        ip_address(f"::ffff:{ipv4}"),
        ip_address(f"64:ff9b::{ipv4}"),
        ip_address((0x2002 << 112) | (packed << 80) | 1),
    ]


@pytest.mark.parametrize("ipv4", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0", "224.0.0.1"])
def test_an_ipv4_address_inside_an_ipv6_one_is_refused_as_itself_is(ipv4: str) -> None:
    assert [may_be_called(address) for address in hidden(ipv4)] == [False] * 3
    assert [may_be_called(address) for address in hidden("8.8.8.8")] == [True] * 3


# Names


class Network(httpcore.AsyncNetworkBackend):
    """Connects nowhere, and notes where to; hosts in `dead` take no connection."""

    def __init__(self, *dead: str) -> None:
        self.dead, self.called = dead, list[str]()

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.called.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([])


class Resolver:
    """Answers each question with the next list of addresses."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [*answers]

    async def __call__(self, *_: object) -> Sequence[Address]:
        await asyncio.sleep(0)
        return [ip_address(each) for each in self.answers.pop(0)]


async def connect(
    *addresses: str, allow: Sequence[str] = (), dead: Sequence[str] = (), host: str = "a.test"
) -> list[str]:
    network = Network(*dead)
    await GuardedNetwork(Resolver(addresses), AllowedReceivers(allow), network).connect_tcp(host, 443)
    return network.called


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    network, resolver = Network(), Resolver(["8.8.8.8"], ["127.0.0.1"])
    guarded = GuardedNetwork(resolver, AllowedReceivers([]), network)
    await guarded.connect_tcp("rebinding.test", 443)
    assert network.called == ["8.8.8.8"]
    with pytest.raises(AddressRefused):
        await guarded.connect_tcp("rebinding.test", 443)
    assert network.called == ["8.8.8.8"]


async def test_a_name_with_addresses_of_both_kinds_is_called_on_the_public_one() -> None:
    assert await connect("127.0.0.1", "::ffff:10.0.0.1", "8.8.8.8") == ["8.8.8.8"]


async def test_where_one_address_takes_no_connection_the_next_is_tried() -> None:
    assert await connect("8.8.8.8", "1.1.1.1", dead=["8.8.8.8"]) == ["8.8.8.8", "1.1.1.1"]


async def test_a_name_with_no_end_of_addresses_is_not_tried_without_end() -> None:
    addresses = [f"8.8.8.{number}" for number in range(100)]
    with pytest.raises(httpcore.ConnectError):
        await connect(*addresses, dead=addresses)


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_name_that_leads_elsewhere_is_not_called(address: str) -> None:
    with pytest.raises(AddressRefused):
        await connect(address)


@pytest.mark.parametrize("allow", [["10.0.0.0/8"], ["10.1.2.3"], ["a.test"], ["A.Test:443"]])
async def test_what_the_allow_list_has_is_called(allow: list[str]) -> None:
    assert await connect("10.1.2.3", allow=allow) == ["10.1.2.3"]


@pytest.mark.parametrize("allow", [[], ["10.0.0.0/16"], ["b.test"], ["test"], ["a.test:8443"]])
async def test_what_the_allow_list_has_not_is_not(allow: list[str]) -> None:
    with pytest.raises(AddressRefused):
        await connect("10.1.2.3", allow=allow)


@pytest.mark.parametrize("entry", ["", "a b", "https://a.test", "a.test:port", "*.test", "10.0.0.0/33"])
def test_what_is_no_entry_of_an_allow_list_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        AllowedReceivers([entry])


@pytest.mark.parametrize(
    ("entry", "host", "port"),
    [("127.0.0.1", "127.0.0.1", 8000), ("::1", "::1", 80), ("[::1]:80", "::1", 80), ("127.0.0.1:80", "127.0.0.1", 80)],
)
def test_a_host_of_a_url_is_found_in_the_allow_list(entry: str, host: str, port: int) -> None:
    assert AllowedReceivers([entry]).names(host, port)
    assert not AllowedReceivers([entry]).names("127.0.0.2", port)
