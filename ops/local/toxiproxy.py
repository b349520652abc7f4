"""A local Toxiproxy: links between clients and servers that can be cut, slowed, silenced and healed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx

from ops.local.ports import LOOPBACK, free_ports
from ops.local.process import Process, ServerDidNotStart
from ops.local.toxiproxy_program import toxiproxy_program

_START_WITHIN = 20.0
_PORT_TRIES = 5
_ANSWER_SECONDS = 30.0
"""To take a fault away, the proxy first hands on what it holds back: up to 5 s a connection."""
_DIRECTIONS = ("upstream", "downstream")
_NOWHERE = f"{LOOPBACK}:1"
_NEVER_MS = 24 * 60 * 60 * 1000


class Link:
    """What lies between one client and a server of one or several addresses: a proxy for each of them.

    One fault at a time; `heal` ends it, and does nothing where there is none.
    """

    def __init__(self, api: httpx.Client, name: str, proxies: Mapping[str, int]) -> None:
        """Of proxies that run, each with the port that it listens on; `Toxiproxy.link` starts them."""
        self.name = name
        self._api = api
        self._proxies = dict(proxies)
        self._toxics: list[str] = []

    @property
    def ports(self) -> list[int]:
        """Where the client connects to, on 127.0.0.1: a port for each of the server's addresses."""
        return list(self._proxies.values())

    def lead_to(self, addresses: Sequence[str]) -> None:
        """Say where the server listens, `host:port` each; connections that are open are closed."""
        for proxy, address in zip(self._proxies, addresses, strict=True):
            self._post(f"/proxies/{proxy}", {"upstream": address})

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        for proxy in self._proxies:
            self._post(f"/proxies/{proxy}", {"enabled": False})

    def slow(self, *, latency: float, bandwidth: int) -> None:
        """Delay what goes to the client by `latency` seconds, and let `bandwidth` KiB a second through each way."""
        self._add("latency", "downstream", latency=int(latency * 1000))
        for direction in _DIRECTIONS:
            self._add("bandwidth", direction, rate=bandwidth)

    def half_open(self) -> None:
        """Swallow all data both ways, without a word to either side; new connections are accepted, and swallow, too.

        As after the loss of a route or of a firewall's memory: those that were open meanwhile stay dead when it is
        healed, and neither side is told. It must be this link's last fault but cuts: Toxiproxy keeps the dead
        connections, and crashes when one of them gets another toxic.
        """
        for direction in _DIRECTIONS:
            self._add("timeout", direction, timeout=0)
            # Behind the other: the end of the fault would close the connections, and so tell the client.
            self._add("slow_close", direction, delay=_NEVER_MS)

    def heal(self) -> None:
        """End the fault: new connections work, and so do those that were only slow."""
        # In the order of their making: slow_close must outlive the toxic whose end it hides.
        for toxic in self._toxics:
            for proxy in self._proxies:
                self._api.delete(f"/proxies/{proxy}/toxics/{toxic}").raise_for_status()
        self._toxics = []
        for proxy in self._proxies:
            self._post(f"/proxies/{proxy}", {"enabled": True})

    def _add(self, kind: str, direction: str, **attributes: int) -> None:
        toxic = {"name": f"{kind}-{direction}", "type": kind, "stream": direction, "attributes": attributes}
        for proxy in self._proxies:
            self._post(f"/proxies/{proxy}/toxics", toxic)
        self._toxics.append(str(toxic["name"]))

    def _post(self, path: str, body: Mapping[str, object]) -> None:
        self._api.post(path, json=body).raise_for_status()


class Toxiproxy:
    """The proxies' server, a process that never outlives this one. It and its proxies listen on 127.0.0.1 only."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for its log."""
        self._folder = folder
        self._process: Process | None = None
        # The user's proxy is not asked about 127.0.0.1.
        self._api = httpx.Client(
            timeout=_ANSWER_SECONDS,
            trust_env=False,
            # It closes a connection that was idle at any moment: a request that is just sent on it would be lost.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    @property
    def processes(self) -> Sequence[Process]:
        """Its process, once it was started."""
        return [self._process] if self._process else []

    def start(self) -> None:
        """Start it and wait until it is ready; there are no links yet.

        Raises:
            MissingProgram: if it has yet to be built and Go is missing.
            ProgramNotBuilt: if Go cannot build it.
            ServerDidNotStart: if it does not, with the last lines of its log.
        """
        program = toxiproxy_program()
        for tries_left in reversed(range(_PORT_TRIES)):
            port = free_ports(1)[0]
            self._api.base_url = f"http://{LOOPBACK}:{port}"
            command = [str(program), "-host", LOOPBACK, "-port", str(port)]
            log = self._folder / "toxiproxy.log"
            process = self._process = Process("toxiproxy", command, log=log, env={"LOG_LEVEL": "error"})
            process.start()
            try:
                process.wait_until_ready(self._answers, within=_START_WITHIN)
            except ServerDidNotStart:
                process.kill()
                # Another process may take a port between its choice and its use.
                if not tries_left or "address already in use" not in process.output():
                    raise
            except BaseException:
                process.kill()
                raise
            else:
                return

    def link(self, name: str, *, addresses: int = 1) -> Link:
        """A new link to a server of so many addresses, which `Link.lead_to` names before a client connects."""
        proxies: dict[str, int] = {}
        for number in range(1, addresses + 1):
            proxy = {"name": f"{name}-{number}", "listen": f"{LOOPBACK}:0", "upstream": _NOWHERE}
            answer = self._api.post("/proxies", json=proxy).raise_for_status().json()
            proxies[proxy["name"]] = int(answer["listen"].rpartition(":")[2])
        return Link(self._api, name, proxies)

    def stop(self) -> None:
        """Stop it, and with it all links."""
        for process in self.processes:
            process.stop()
        self._api.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            return self._api.get("/version", timeout=2).is_success
        except httpx.TransportError:
            return False
