"""The fixtures of these tests; a run of the installed suite reads the folder above, not this."""

pytest_plugins = ["pytester", "support.downstream", "support.measuring"]
