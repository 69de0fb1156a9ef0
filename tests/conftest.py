"""Fixtures of these tests. A run of the installed suite reads only the folder above."""

import functools
import gc
import os
from collections.abc import Iterator

import botocore.session
import pytest
from botocore.loaders import create_loader

pytest_plugins = ["pytester", "helpers.downstream", "helpers.measuring"]

# A run of pytest inside a test would annotate the job that runs these tests.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)

# Each session of botocore reads megabytes of service models, which takes longer than most tests.
botocore.session.create_loader = functools.cache(create_loader)


def pytest_collection_finish() -> None:
    """Leave the thousands of collected tests out of garbage collection."""
    _freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Do the same with the modules that the tests of a file imported."""
    yield
    if nextitem and nextitem.path != item.path:
        _freeze()


def _freeze() -> None:
    # Each run of pytest inside a test collects garbage several times.
    gc.collect()
    gc.freeze()
