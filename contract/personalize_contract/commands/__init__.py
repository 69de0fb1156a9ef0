"""The subcommands of `personalize-contract`, a module each.

A module has `HELP`, `DESCRIPTION`, `arguments(parser)` and `run(given)`, which returns the exit
status. What a command needs is imported when it runs.
"""
