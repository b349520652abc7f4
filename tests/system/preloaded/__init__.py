"""Starts the system's processes by fork: two thirds of a start by `python -m ops.main` are imports, the same each time.

They are processes as any other: with an environment, a log, a session and an end of their own. What starts them has
imported the code and done nothing else. That the command itself starts is for `test_commands.py` to show.
"""
