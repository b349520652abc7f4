"""How commands fail: with one line for a person, and an exit code for a script."""


class CommandFailed(Exception):
    """The command did not do what it was asked; the text says why and what to do."""


class ServerAway(CommandFailed):
    """No server answers where one is needed."""


class UsageFailed(CommandFailed):
    """The command was called, or set up, in a way that can't work."""
