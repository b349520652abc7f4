"""Toxiproxy's server program: a TCP proxy whose connections can be cut, slowed and silenced."""

from pathlib import Path

from ops.local.go_program import go_program

_VERSION = "2.5.0"


def toxiproxy_program() -> Path:
    """The path of the server (12 MB, built in seconds); raises as `go_program` does."""
    return go_program("toxiproxy", "github.com/Shopify/toxiproxy/v2/cmd/server", _VERSION)
