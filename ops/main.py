"""The `sigmak` command. Each command imports what it needs when it runs: `sigmak --help` loads no model."""

import faulthandler
import os

import typer

from ops.commands import (
    analyze,
    dead,
    embed_bench,
    extract,
    followers,
    gateway,
    keys,
    score,
    store,
    tail,
    topics,
    up,
    webhooks,
    worker,
)
from ops.exit_codes import FAILED, NO_SERVER, USAGE
from ops.failures import CommandFailed, ServerAway, UsageFailed
from ops.logs import log_to_stderr
from ops.terminal import say_error, tolerate_encodings

app = typer.Typer(
    name="sigmak",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Reads the risk factors of 10-K filings as an event stream.",
)
for module in (up, gateway, worker, followers, webhooks):
    module.register(app)
for module in (analyze, extract, score, topics, store, keys, dead, tail, embed_bench):
    module.register(app)


def main() -> None:
    """Run a command; what went wrong is one line, and the exit code tells which kind."""
    # Filings, callback URLs and vectors are for this user alone, whatever makes their files: RocksDB, SQLite, Java.
    os.umask(0o077)
    # A library's crash would end the process without a word.
    faulthandler.enable()
    tolerate_encodings()
    log_to_stderr()
    run()


def run() -> None:
    """Run the command of the arguments; raises SystemExit."""
    try:
        app()
    except UsageFailed as error:
        _fail(str(error), USAGE)
    except ServerAway as error:
        _fail(str(error), NO_SERVER)
    except CommandFailed as error:
        _fail(str(error), FAILED)


def _fail(message: str, code: int) -> None:
    say_error(*f"sigmak: {message}".split("\n"))
    raise SystemExit(code)


if __name__ == "__main__":
    main()
