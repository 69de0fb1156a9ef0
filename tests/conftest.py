"""Fixtures of these tests. A run of the installed suite reads only the folder above."""

pytest_plugins = ["pytester", "helpers.downstream", "helpers.measuring"]
