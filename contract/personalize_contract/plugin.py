"""The pytest plugin: hooks and fixtures. What they do is in `marked` and `session`.

It is loaded at the start of every pytest run where this package is installed, so everything that
costs time is imported by the first test that needs it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from personalize_contract import mark, options
from personalize_contract.datasets import DUMMY, STATES
from personalize_contract.errors import PersonalizeContractError, UsageError

if TYPE_CHECKING:
    from personalize_contract.live import Live
    from personalize_contract.marked import Marked
    from personalize_contract.service.embedded import Service

_SETTINGS = pytest.StashKey[options.Settings]()
_LIVE = pytest.StashKey["Live | PersonalizeContractError"]()
_MARKED = pytest.StashKey["Marked"]()
_OPEN = pytest.StashKey[contextlib.ExitStack]()

_OPENING = {"personalize_client", "personalize_service"}
"""Fixtures that open a session for a test without the mark."""


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", mark.USAGE)
    try:
        config.stash[_SETTINGS] = options.read(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


# --- one test


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    finally:
        _close(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    _close(item)  # what a first run of it left, where it is run again
    _open(item)
    return (yield from _phase(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _phase(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    result = yield from _phase(item)
    if marked := item.stash.get(_MARKED, None):
        try:
            problem = marked.finish()
        except PersonalizeContractError as error:
            problem = str(error)
        _close(item)
        if problem:
            _fail(problem)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if marked := item.stash.get(_MARKED, None):
        marked.passed = report.passed and (marked.passed or call.when == "setup")
        error = call.excinfo.value if call.excinfo else None
        if (found := marked.session.findings()) and not (error and marked.session.raised(error)):
            report.sections.append(("personalize-contract", found))
    return report


def _phase(item: pytest.Item) -> Generator[None, object, object]:
    """Run a phase of a test; what its session found fails it, if nothing else did."""
    result = yield
    marked = item.stash.get(_MARKED, None)
    if marked and (found := marked.session.findings()):
        marked.passed = False
        _fail(found)
    return result


def _fail(text: str) -> None:
    pytest.fail(f"personalize-contract: {text}", pytrace=False)


def _open(item: pytest.Item) -> None:
    given = list(item.iter_markers(mark.NAME))
    names = set(getattr(item, "fixturenames", ()))
    settings = item.config.stash[_SETTINGS]
    if not given and not names & _OPENING and settings.check != "all":
        return
    from personalize_contract import marked

    stack = contextlib.ExitStack()
    try:
        if given or names & _OPENING:
            service = "personalize_service" in names
            live = None if service else _live(item.config)
            opened = marked.opened(
                item, mark.read(reversed(given)), settings, live, service=service
            )
        else:
            opened = marked.checked_only()
        item.stash[_MARKED] = stack.enter_context(opened)
    except PersonalizeContractError as error:
        _fail(str(error))
    item.stash[_OPEN] = stack


def _close(item: pytest.Item) -> None:
    if stack := item.stash.get(_OPEN, None):
        del item.stash[_OPEN], item.stash[_MARKED]
        stack.close()


def _live(config: pytest.Config) -> Live | None:
    """The live service of this run, connected once; None if another target was asked for."""
    settings = config.stash[_SETTINGS]
    if settings.target != "live":
        return None
    if _LIVE not in config.stash:
        from personalize_contract.live import connect

        try:
            config.stash[_LIVE] = connect(settings)
        except PersonalizeContractError as error:
            config.stash[_LIVE] = error
    found = config.stash[_LIVE]
    if isinstance(found, PersonalizeContractError):
        raise found
    return found


# --- fixtures


class Datasets(SimpleNamespace):
    """The dataset ARN of each state: dummy ones, or against a live service those it was given."""

    active: str
    in_use: str
    missing: str

    def __getattr__(self, name: str) -> str:
        if (state := name.replace("_", "-")) in STATES:
            raise UsageError(
                f"no dataset was given that is {state}: add --personalize-dataset ARN={state}"
            )
        raise AttributeError(name)


@pytest.fixture
def personalize_dataset(request: pytest.FixtureRequest) -> Datasets:
    """Dataset ARNs by state: `.active`, `.in_use` and `.missing`.

    Offline they are dummies. Against a live service they are those of `--personalize-dataset`;
    asking for a state that none was given for raises `UsageError`.
    """
    live = None if "personalize_service" in request.fixturenames else _live(request.config)
    arns = live.arns if live else DUMMY
    return Datasets(**{state.replace("-", "_"): arn for state, arn in arns.items()})


@pytest.fixture
def personalize_client(request: pytest.FixtureRequest) -> Any:
    """A botocore `personalize-events` client whose PutItems calls the target answers."""
    from personalize_contract import connection

    _marked(request)
    live = None if "personalize_service" in request.fixturenames else _live(request.config)
    return (live.connection if live else connection.recorded()).client()


@pytest.fixture
def personalize_service(request: pytest.FixtureRequest) -> Service:
    """The reference service for this test, with its dummy datasets; see `Service`.

    PutItems calls of botocore clients reach it in process; everything else by its `.url`. What
    is sent is checked as under the mark.
    """
    service = _marked(request).service
    if service is None:
        raise UsageError(
            "personalize_service was asked for while the test ran: "
            "name it among the arguments of the test or of a fixture"
        )
    return service


def _marked(request: pytest.FixtureRequest) -> Marked:
    marked: Marked | None = request.node.stash.get(_MARKED, None)
    if marked is None:
        raise UsageError(
            f"{request.fixturename} was asked for while the test ran: "
            "name it among the arguments of the test or of a fixture"
        )
    return marked
