"""The subcommands of `personalize-contract`, a module each.

A module has `HELP`, `DESCRIPTION`, `arguments(parser)` and `run(options)`, which returns the exit
status. Expensive imports wait until a command runs.
"""
