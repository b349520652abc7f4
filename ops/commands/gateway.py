"""`sigmak gateway`."""

import gc

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("gateway")
    def gateway() -> None:
        """Run one gateway: HTTP in, Kafka out, and the status table. Settings come from SIGMAK_*."""
        # It would look through all that is imported again and again, a tenth of a start; the gateway lets it begin.
        gc.disable()
        from gateway.app import Gateway
        from gateway.keys import KeyFileUnreadable
        from gateway.settings import GatewaySettings
        from ops.failures import CommandFailed
        from ops.settings import load

        settings = load(GatewaySettings)
        try:
            exit_code = Gateway(settings).run()
        except KeyFileUnreadable as error:
            raise CommandFailed(str(error)) from error
        raise typer.Exit(exit_code)
