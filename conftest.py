"""Settings of the project's own tests."""

import signal

import pytest
from hypothesis import settings

# A shell that runs this in its background ignores Ctrl-C for it, and for every process of a test.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says nothing on a machine that others work on too.
# The tests try the same examples each time; `python tests/adversary hypothesis` looks for others.
settings.register_profile("here", deadline=None, derandomize=True)
settings.register_profile("rotating", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile("here")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of tests/integration/processes/test_kills.py."""
    parser.addoption(
        "--kills",
        type=int,
        default=5,
        metavar="N",
        help="recordings to kill (200 before a release)",
    )
    parser.addoption(
        "--kills-seed",
        type=int,
        default=5,
        metavar="SEED",
        help="chooses the moments to kill them at",
    )
