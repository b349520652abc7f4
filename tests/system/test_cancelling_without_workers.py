"""Cancelling while workers die or are away: what was accepted to be cancelled is not forgotten."""

from tests.system.parts import System
from tests.system.test_cancelling import assessments, began, cancel, named, sample
from tests.waiting import eventually


def test_a_cancellation_outlives_the_worker_that_took_it(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    name = named("hold")
    task_id = gateway.submit(ticker="KILLED", html_content=name)
    began(system, name)
    cancel(gateway, task_id)
    taken = 'sigmak_cancellations_total{outcome="stopping"}'
    eventually(lambda: sample(worker, taken) == 1, within=20, what="the worker has taken it")
    worker.process.kill()
    system.worker("scripted", wait=False)
    assert gateway.ended(task_id, within=60)["status"] == "CANCELLED"
    assert system.executions(name) == 1
    assert task_id not in assessments(system.kafka)


def test_tasks_are_cancelled_while_no_worker_runs_also_the_one_whose_worker_died(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    names = [named("hold"), named("quick")]
    tasks = [gateway.submit(ticker="NOBODY", html_content=name) for name in names]
    began(system, names[0])
    worker.process.kill()
    for task_id in tasks:
        cancel(gateway, task_id)
    survivor = system.worker("scripted", wait=False)
    assert {gateway.ended(task_id, within=60)["status"] for task_id in tasks} == {"CANCELLED"}
    # What comes later in their partition is worked on.
    assert gateway.ended(gateway.submit(ticker="NOBODY", html_content=named("quick")))["status"] == "SUCCESS"
    assert [system.executions(name) for name in names] == [1, 0]
    assert survivor.process.running
