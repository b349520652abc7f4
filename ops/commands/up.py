"""`sigmak up`: the real local stack in the foreground."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from ops.failures import CommandFailed
from ops.terminal import say, say_error, say_json

if TYPE_CHECKING:
    from ops.local.system import LocalSystem


class Store(StrEnum):
    """The vector stores, as SIGMAK_STORE names them."""

    LANCEDB = "lancedb"
    WEAVIATE = "weaviate"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("up")
    def up(
        workers: Annotated[int, typer.Option(min=0, help="Worker processes; one a core is right.")] = 2,
        gateways: Annotated[int, typer.Option(min=1, help="Gateway processes.")] = 1,
        brokers: Annotated[int, typer.Option(help="Kafka brokers, 1 or 3.", min=1, max=3)] = 1,
        port: Annotated[int, typer.Option(help="The first gateway's port; 0 takes free ones.")] = 8080,
        data: Annotated[
            Path | None, typer.Option(help="Folder for all data; a new one that is deleted by default.")
        ] = None,
        store: Annotated[Store, typer.Option(help="Where the workers keep vectors: in a folder, or in a Weaviate.")] = (
            Store.LANCEDB
        ),
        webhook_secret: Annotated[
            bool, typer.Option("--webhook-secret", help="Also print what signs the development key's webhooks.")
        ] = False,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON line when it is ready.")] = False,
    ) -> None:
        """Start Kafka, a gateway, workers and followers on this machine, and stop them with Ctrl-C."""
        from ops.local.go_program import ProgramNotBuilt
        from ops.local.kafka_jars import KafkaNotFetched
        from ops.local.kafka_storage import OtherCluster
        from ops.local.process import ServerDidNotStart
        from ops.local.programs import MissingProgram
        from ops.local.signals import stop_signals_interrupt
        from ops.local.system import LocalSystem

        if brokers == 2:
            raise typer.BadParameter("Two brokers have no majority when one dies; take 1 or 3.", param_hint="--brokers")
        try:
            with (
                stop_signals_interrupt(),
                LocalSystem(
                    data,
                    workers=workers,
                    gateways=gateways,
                    brokers=brokers,
                    port=port,
                    weaviate=store is Store.WEAVIATE,
                ) as system,
            ):
                _announce(system, secret=system.webhook_secret if webhook_secret else None, json=json)
                system.stack.watch(say_error)
        except KeyboardInterrupt:
            return
        except (MissingProgram, KafkaNotFetched, ProgramNotBuilt, OtherCluster, ServerDidNotStart) as error:
            raise CommandFailed(str(error)) from error


def _announce(system: "LocalSystem", *, secret: str | None, json: bool) -> None:
    stack = system.stack
    if json:
        kafka = stack.kafka.bootstrap_servers
        facts = {"urls": stack.urls, "api_key": system.api_key, "kafka": kafka, "pids": stack.pids}
        say_json(orjson.dumps(facts if secret is None else {**facts, "webhook_secret": secret}))
    else:
        say(f"ready: {stack.urls[0]}")
        say(f"API key: {system.api_key}", f"API pages: {stack.urls[0]}/docs", f"logs: {system.logs}")
        if secret is not None:
            say(f"webhook secret: {secret}")
