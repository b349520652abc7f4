"""The `sigmak` commands, one file a command."""
