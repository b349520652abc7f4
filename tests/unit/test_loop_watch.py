"""What watches the gateways of the system tests sees a held event loop, and a held lock, and nothing else."""

import asyncio
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Router
from starlette.types import Message

from tests.held_lock import holds_it_for
from tests.system.preloaded import loop_watch


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Router, "lifespan", Router.lifespan)
    loop_watch.install()


@pytest.mark.parametrize(("seconds", "lines"), [(0.3, 1), (0.02, 0)])
async def test_what_holds_the_loop_is_told_in_the_log(
    seconds: float, lines: int, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    started, beaten = asyncio.Event(), asyncio.Event()
    messages: list[Message] = [{"type": "lifespan.startup"}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await beaten.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: Message) -> None:
        started.set()

    serving = asyncio.create_task(Starlette()({"type": "lifespan", "state": {}}, receive, send))
    await started.wait()
    await asyncio.sleep(0.05)
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    await asyncio.sleep(0.05)
    beaten.set()
    await serving
    log = tmp_path / "gateway.log"
    log.write_text(capfd.readouterr().err)
    assert len(loop_watch.holds(log)) == lines


def test_a_log_that_is_not_there_tells_of_nothing(tmp_path: Path) -> None:
    assert loop_watch.holds(tmp_path / "none.log") == []


def test_what_holds_the_lock_is_seen_and_what_lets_go_of_it_is_not() -> None:
    assert holds_it_for(0.1, lambda: sum(range(20_000_000)))

    def let_go() -> None:
        for _ in range(200):
            sum(range(100_000))

    assert not holds_it_for(0.1, let_go)
