"""Weaviate's server program."""

from pathlib import Path

from ops.local.go_program import go_program

WEAVIATE_VERSION = "1.35.2"


def weaviate_program() -> Path:
    """The path of the server (165 MB, built in minutes); raises as `go_program` does."""
    return go_program(
        "weaviate",
        "github.com/weaviate/weaviate/cmd/weaviate-server",
        WEAVIATE_VERSION,
        otherwise="or set SIGMAK_WEAVIATE_URL to a Weaviate that runs",
    )
