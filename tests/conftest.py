"""The fixtures of these tests; a run of the installed suite reads the folder above, not this."""

pytest_plugins = ["pytester", "helpers.downstream", "helpers.measuring"]
