"""Actors that a rebalance cancelled are started again, however many at a time."""

from pathlib import Path

from mode import Service

from streams.agents.app import WorkerApp
from streams.agents.supervision import ActorSupervisor
from streams.settings import WorkerSettings


class Actor(Service):
    starts = 0

    async def on_start(self) -> None:
        self.starts += 1


async def _nothing() -> None:
    """A drain of nothing."""


async def test_all_actors_of_a_worker_may_be_cancelled_at_once(tmp_path: Path) -> None:
    app = WorkerApp(WorkerSettings(worker_dir=tmp_path), _nothing)
    assert app.conf.agent_supervisor is ActorSupervisor
    actors = [Actor() for _ in range(12)]
    # As Faust makes it.
    supervisor = ActorSupervisor(*actors, max_restarts=100.0, over=1.0)
    await supervisor.start()
    await supervisor.restart_services([*actors])
    assert {actor.starts for actor in actors} == {2}
    await supervisor.stop()
