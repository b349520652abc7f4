"""The exit codes of `sigmak`."""

SUCCESS = 0
FAILED = 1
USAGE = 2
NO_SERVER = 3
