"""Fixtures of these tests. A run of the installed suite reads only the folder above."""

import os

pytest_plugins = ["pytester", "helpers.downstream", "helpers.measuring"]

# A run of pytest inside a test would annotate the job that runs these tests.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)
