"""The target of the suite, connected once for the whole run, and the recording of its answers."""

from __future__ import annotations

import contextlib
import itertools
import pickle
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from personalize_contract.errors import PersonalizeContractError, UsageError
from personalize_contract.model import contract_files
from personalize_contract.model.contract import load
from personalize_contract.settings import KEY
from personalize_contract.suite.recorder import Recordings, worker_journal
from personalize_contract.suite.run import LIVE, SETTINGS, STOPPED, Run, opened
from personalize_contract.suite.scenario import Scenario
from personalize_contract.suite.second_try import SECOND_TRY, Again, SecondTry
from personalize_contract.suite.tables.scenarios import SCENARIOS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Generate a test for each scenario of the selected operation."""
    if "scenario" in metafunc.fixturenames:
        rows = SCENARIOS[load(metafunc.config.stash[KEY].operation).operation]
        metafunc.parametrize("scenario", rows, ids=[row.id for row in rows])


_ORDER = ("active", "missing", "in-use")
"""The states in the order of a live run: the slowest one to reach last."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests of a live service by state, after one with a valid request."""
    if config.stash[KEY].target == "live":
        items.sort(key=lambda item: _ORDER.index(_scenario(item).state))
        valid = next((item for item in items if _scenario(item).is_valid), None)
        items.sort(key=lambda item: item is not valid)
        if not hasattr(config, "workerinput"):  # a worker has only some scenarios of a state
            items[:] = _with_second_try(items)


def _with_second_try(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests, and after those of each state the one that retries."""
    for state, group in itertools.groupby(items, key=lambda item: _scenario(item).state):
        item = None
        for item in group:
            yield item
        if item and item.parent:
            again = Again.from_parent(item.parent, name=f"again-{state}")
            again.state = state
            yield again


def _scenario(item: pytest.Item) -> Scenario:
    scenario = item.callspec.params["scenario"]  # type: ignore[attr-defined]  # of a Function
    assert isinstance(scenario, Scenario)
    return scenario


_RECORDINGS = pytest.StashKey[Recordings]()
_STARTED = "personalize_contract started"
"""Key of the start time of the recording in the input of a worker."""


def pytest_configure(config: pytest.Config) -> None:
    """Take over the settings of `verify` in its workers."""
    if SETTINGS in (inputs := getattr(config, "workerinput", {})):
        settings = pickle.loads(inputs[SETTINGS])  # noqa: S301 - from the run itself
        config.stash[KEY] = settings
        contract_files.use(settings.contracts)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the recording, in the main process only."""
    config = session.config
    settings = config.stash[KEY]
    if not settings.record or hasattr(config, "workerinput"):
        return
    try:
        if not settings.cassettes:
            raise UsageError(
                "recording the suite needs a folder for its cassettes: add "
                "-o personalize_cassettes=DIR, or use `verify --record --cassettes DIR`"
            )
        operation = load(settings.operation).operation
        config.stash[_RECORDINGS] = Recordings(settings.cassettes, operation)
    except PersonalizeContractError as error:
        pytest.exit(str(error), returncode=2)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Make a worker record for this run."""
    if recordings := node.config.stash.get(_RECORDINGS, None):
        recordings.spread(node.gateway.id)
        node.workerinput[_STARTED] = recordings.started


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Write the recordings, after all other hooks, so that the workers have ended."""
    yield
    if recordings := session.config.stash.get(_RECORDINGS, None):
        try:
            recordings.save()
        except PersonalizeContractError as error:
            pytest.exit(str(error), returncode=2)


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Run | SecondTry]:
    """The run on the connected target."""
    try:
        with contextlib.ExitStack() as stack:
            settings = pytestconfig.stash[KEY]
            journal, started = None, ""
            if recordings := pytestconfig.stash.get(_RECORDINGS, None):
                journal, started = recordings.journal, recordings.started
            elif settings.record and settings.cassettes:
                inputs = pytestconfig.workerinput  # type: ignore[attr-defined]
                started = inputs[_STARTED]
                journal = worker_journal(settings.cassettes, settings.operation, inputs["workerid"])
                stack.callback(journal.close, keep=True)
            live = pytestconfig.stash.get(LIVE, None)
            run = stack.enter_context(opened(settings, live, journal, started))
            if settings.target == "live" and not hasattr(pytestconfig, "workerinput"):
                total = sum(not isinstance(item, Again) for item in request.session.items)
                pytestconfig.stash[SECOND_TRY] = SecondTry(run, total)
            yield pytestconfig.stash.get(SECOND_TRY, run)
    except PersonalizeContractError as error:
        if hasattr(pytestconfig, "workeroutput"):
            pytestconfig.workeroutput[STOPPED] = str(error)
        pytest.exit(str(error), returncode=2)
