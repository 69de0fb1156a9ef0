"""The fixtures of the pytest plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.plugin import run_state
from personalize_contract.settings import KEY as _SETTINGS

if TYPE_CHECKING:
    from personalize_contract.model.datasets import Datasets, State, Trackers
    from personalize_contract.plugin.marked import Marked
    from personalize_contract.plugin.service import Service
    from personalize_contract.targets.faults import FaultInjector

T = TypeVar("T")


@pytest.fixture
def personalize_dataset(request: pytest.FixtureRequest) -> Datasets:
    """ARNs of datasets by their state: `.active`, `.in_use` and `.missing`.

    By default they are dummies. In a live run they are those of `--personalize-dataset`; a state
    without a declared dataset raises `UsageError`.
    """
    from personalize_contract.model.datasets import DUMMY, Datasets

    return Datasets(**_resources(request, DUMMY, trackers=False))


@pytest.fixture
def personalize_tracker(request: pytest.FixtureRequest) -> Trackers:
    """Tracking ids of trackers by their state: `.active`, `.in_use` and `.missing`.

    PutActionInteractions documents an answer for each (200, 409, 404), PutEvents only for an
    active tracker. By default they are dummies; in a live run, those of
    `--personalize-dataset TRACKING_ID=STATE`.
    """
    from personalize_contract.model.datasets import DUMMY_TRACKERS, Trackers

    return Trackers(**_resources(request, DUMMY_TRACKERS, trackers=True))


def _resources(
    request: pytest.FixtureRequest, dummies: Mapping[State, str], *, trackers: bool
) -> dict[str, str]:
    """Return the ARNs, or tracking ids, by the attribute for their state."""
    marked = request.node.stash.get(run_state.MARKED, None)
    if request.scope == "function" and not marked:
        run_state.tally(request.config)["unmarked", request.node.nodeid] = 1
    settings = marked.settings if marked else request.config.stash[_SETTINGS]
    names = dummies
    if "personalize_service" not in request.fixturenames and run_state.live_service(
        request.config, settings
    ):
        from personalize_contract.model.datasets import by_state

        names = by_state(settings.datasets, trackers=trackers)
        if settings.verify:
            from personalize_contract.plugin.verifying import absent

            # Requests to these are not sent: `Verified` reports them as not reached.
            not_declared = absent(settings)
            names = {state: name for state, name in dummies.items() if name in not_declared} | names
    return {state.replace("-", "_"): name for state, name in names.items()}


@pytest.fixture
def personalize_client(request: pytest.FixtureRequest) -> Any:
    """A botocore client of `personalize-events`, answered by the target of this test."""
    from personalize_contract.targets import connection

    settings, service = _marked(request).settings, "personalize_service" in request.fixturenames
    live = None if service else run_state.live_service(request.config, settings)
    return (live.connection if live else connection.recorded()).client()


@pytest.fixture
def personalize_service(request: pytest.FixtureRequest) -> Service:
    """A reference service for this test, which answers instead of the target of the run.

    It begins with the dummy datasets; see `Service`. boto3, botocore, aiobotocore and requests
    reach it in process; other clients use its `.url`. Requests are checked as under the mark.
    """
    return _from_setup(request, _marked(request).service)


@pytest.fixture
def personalize_faults(request: pytest.FixtureRequest) -> FaultInjector:
    """Faults of this test's target: `fail_next(...)` makes its next requests fail.

    See `FaultInjector.fail_next`. A fault is never recorded. Only `truncate` and `slow` let the
    request reach the target, such as a live service.
    """
    return _from_setup(request, _marked(request).faults)


@pytest.fixture
def personalize_url(request: pytest.FixtureRequest) -> str:
    """URL of this test's target on loopback, `http://127.0.0.1:PORT`, for any client.

    Requests to it are checked, recorded and replayed like the test's own. SDKs in child processes
    use it automatically.
    """
    return _from_setup(request, _marked(request).loopback).url


def _marked(request: pytest.FixtureRequest) -> Marked:
    marked: Marked | None = request.node.stash.get(run_state.MARKED, None)
    return _from_setup(request, marked)


def _from_setup(request: pytest.FixtureRequest, opened: T | None) -> T:
    """Return the object that set-up opened for a fixture.

    Raises:
        UsageError: there is none, since the fixture was requested during the test.
    """
    if opened is None:
        raise UsageError(
            f"request {request.fixturename} as a test or fixture argument: getfixturevalue() "
            "during the test is too late"
        )
    return opened
