"""Settings of the project's own tests."""

import signal

import pytest
from hypothesis import settings

# A background job of a shell ignores Ctrl-C, and so would every process of a test.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadlines: the machine may be shared. The tests run the same examples each time;
# `python tests/adversary hypothesis` looks for others.
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
        help="number of recordings to kill (200 before a release)",
    )
    parser.addoption(
        "--kills-seed",
        type=int,
        default=5,
        metavar="SEED",
        help="seed of the random moments to kill them at",
    )
