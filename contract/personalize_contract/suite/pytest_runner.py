"""Runs the suite with pytest, once for each target, and returns the evidence.

The suite runs shielded from the caller's project: its ini file, conftest, PYTEST_ADDOPTS and
plugins change nothing.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from personalize_contract import clock
from personalize_contract.errors import PersonalizeContractError, UsageError
from personalize_contract.live.access import Live
from personalize_contract.model.contract import load
from personalize_contract.report.view import RunFacts
from personalize_contract.settings import KEY, TARGETS, Settings
from personalize_contract.suite import recordings, shipped
from personalize_contract.suite.evidence import Evidence, Outcome
from personalize_contract.suite.run import LIVE, SETTINGS, STOPPED
from personalize_contract.suite.second_try import Again
from personalize_contract.suite.smoke import smoke
from personalize_contract.suite.tables.scenarios import SCENARIOS

_SUITE = Path(__file__).parent


class Progress(Protocol):
    """A progress callback."""

    def begin(self, target: str, total: int) -> None:
        """Take note that the scenarios of a target begin."""

    def step(self) -> None:
        """Take note that one more scenario is done."""


class _Collector:
    """A pytest plugin that collects the outcomes in the test reports of one run."""

    def __init__(self, settings: Settings, progress: Progress, live: Live | None) -> None:
        self._settings, self._progress, self._live = settings, progress, live
        self._begun = False
        self.outcomes: dict[str, Outcome] = {}
        self.stopped: BaseException | None = None
        self.crashes: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[KEY] = self._settings
        if self._live:
            config.stash[LIVE] = self._live

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[SETTINGS] = pickle.dumps(self._settings)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self) -> Generator[None]:
        try:
            yield
        except pytest.UsageError as error:  # a bad -k, for which pytest would print its own line
            pytest.exit(str(error))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._begin(sum(not isinstance(item, Again) for item in session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._begin(len(ids))

    def _begin(self, total: int) -> None:
        # With workers, each of them collects all tests, and the main process none.
        if total and not self._begun:
            self._begun = True
            self._progress.begin(self._settings.target, total)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        if reason := getattr(node, "workeroutput", {}).get(STOPPED):
            self.stopped = pytest.exit.Exception(reason)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            if report.failed:
                self.crashes.append(_crash(report))
            return
        values = [value for name, value in report.user_properties if name == "personalize_contract"]
        for value in values:
            assert isinstance(value, dict)
            outcome = Outcome.from_property(value)
            outcome = replace(outcome, seconds=round(report.duration, 3))
            self.outcomes[outcome.scenario] = outcome  # a retry replaces the first try
        if "[" not in report.nodeid and not report.failed:
            return  # the test that retries, without anything to retry
        if not values:
            self.crashes.append(_crash(report))
        self._progress.step()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.crashes.append(_crash(report))

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.crashes.append(f"{excinfo.getrepr(style='short').reprcrash}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Generator[None]:
        try:
            yield
        except pytest.exit.Exception as error:  # pytest would print its own line
            self.stopped = error
            raise session.Failed from None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        try:
            yield
        except pytest.exit.Exception as error:
            self.stopped = self.stopped or error

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.stopped = self.stopped or excinfo.value


def _crash(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Return the location and message of a failure in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    failure = str(crash) if crash else report.longreprtext.strip().splitlines()[-1]
    return " ".join(failure.split())


@contextlib.contextmanager
def _shielded() -> Iterator[None]:
    """Run pytest without the options and plugins of the caller's environment."""
    before = dict(os.environ)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _run(
    settings: Settings,
    options: Sequence[str],
    progress: Progress,
    outcomes: list[Outcome],
    live: Live | None = None,
) -> None:
    """Run the suite on one target; append the outcomes to a list in the order of the table.

    Args:
        settings: the settings of the run.
        options: further arguments of pytest.
        progress: the progress callback.
        outcomes: the list.
        live: the connected live service, if that is the target.

    Raises:
        UsageError, PersonalizeContractError, KeyboardInterrupt: the run ended early; the list has
            the outcomes so far.
    """
    collector = _Collector(settings, progress, live)
    arguments = [
        f"-c{_SUITE / 'pytest.ini'}",
        f"--confcutdir={_SUITE}",
        "-pno:cacheprovider",
        "-pno:terminal",
        # It collects garbage five times at the end, for warnings that only the terminal shows.
        "-pno:unraisableexception",
        "--capture=no",  # the progress of waiting for a dataset is shown
        *options,
    ]
    with _shielded():
        status = pytest.main(arguments, plugins=[collector])
    order = [scenario.id for scenario in SCENARIOS[settings.operation]]
    outcomes += sorted(
        collector.outcomes.values(), key=lambda outcome: order.index(outcome.scenario)
    )
    if isinstance(collector.stopped, pytest.exit.Exception):
        raise UsageError(collector.stopped.msg)
    # Before interrupts, since pytest interrupts itself after an error during collection.
    if collector.crashes:
        raise PersonalizeContractError(
            f"the suite has a defect, seen on {settings.target}: {collector.crashes[0]}; "
            "please report it with the command that you ran"
        )
    if collector.stopped:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        expression = next((option[2:] for option in options if option.startswith("-k")), "")
        raise UsageError(f"no scenario matches -k {expression!r}; --list prints their names")


def _worker_options(workers: str | None) -> list[str]:
    """Return the pytest options that spread a target's scenarios over processes.

    Raises:
        UsageError: it is not a number of workers, or pytest-xdist is not installed.
    """
    if workers is None:
        return []
    if workers != "auto" and not (workers.isascii() and workers.isdigit()):
        raise UsageError(f"-n {workers}: must be a number of workers, or auto")
    if find_spec("xdist") is None:
        raise UsageError("-n needs pytest-xdist: pip install pytest-xdist")
    return ["-pxdist", f"-n{workers}", "--max-worker-restart=0"]


def verify(
    settings: Settings,
    targets: Sequence[str],
    *,
    expression: str | None,
    is_smoke: bool,
    workers: str | None,
    progress: Progress,
    live: Callable[[], AbstractContextManager[Live]],
    publish: Callable[[Evidence], object],
) -> Evidence:
    """Run the suite against each target.

    Args:
        settings: the settings of the run; their target has no effect. Their `cassettes` is the
            folder to read recordings from, or with `record` to write them to; None for the shipped
            recordings.
        targets: some of `recorded`, `reference`, `live`.
        expression: a pytest expression that selects scenarios by name; None for all.
        is_smoke: whether only one scenario is tried for each outcome and limit.
        workers: the number of processes for each target, or `auto`; None for this process. A live
            service always gets this process, since its quota and its dataset can't be shared.
        progress: the progress callback.
        live: the function that opens the live service as a context.
        publish: the callback for the evidence. It is called before anything is deleted, and again,
            with partial evidence, if the run ends early.

    Raises:
        UsageError, CassetteError: it could not be done.
        KeyboardInterrupt: it was interrupted; whole cassettes were written, or none.
    """
    for target in targets:
        if target not in TARGETS:
            raise UsageError(f"target {target!r}: must be one of {', '.join(TARGETS)}")
    operation, cassettes, record = settings.operation, settings.cassettes, settings.record
    # The recorded target comes last, so that it replays the new recordings.
    order = sorted(set(targets), key=("reference", "live", "recorded").index)
    if record and order == ["recorded"]:
        raise UsageError("--record needs a live or reference target: add --target reference")
    if record and not cassettes:
        raise UsageError("--record needs a folder to write to: add --cassettes DIR")
    if "recorded" in order and not record:
        # Fails before another target takes minutes.
        recordings.load(cassettes or shipped.cassettes(), operation, required=True)
    worker_options = _worker_options(workers)
    selection = [f"-k{expression}"] if expression else []
    tests = str(_SUITE / "test_operation.py")
    if is_smoke:
        rows = smoke(SCENARIOS[load(operation).operation])
        node_ids = [f"{tests}::test_operation[{row.id}]" for row in rows]
    else:
        node_ids = [str(_SUITE)]
    outcomes: dict[str, list[Outcome]] = {}
    starts: dict[str, tuple[str, float]] = {}
    seconds: dict[str, float] = {}
    places: dict[str, dict[str, str]] = {}

    def evidence(partial: str = "") -> Evidence:
        now = clock.monotonic()
        facts = {
            target: RunFacts(
                started_at,
                round(seconds.get(target, now - start), 3),
                **places.get(target, {}),
            )
            for target, (started_at, start) in starts.items()
        }
        is_selection = bool(selection) or is_smoke
        return Evidence(
            load(operation), outcomes, facts, is_selection=is_selection, partial=partial
        )

    def publish_early(partial: str) -> None:
        if any(outcomes.values()):
            publish(evidence(partial))

    try:
        for target in order:
            of_target = settings._replace(target=target, record=record and target != "recorded")
            target_outcomes = outcomes.setdefault(target, [])
            starts[target] = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), clock.monotonic()
            if target == "live":
                with live() as service, _before_teardown(publish_early):
                    url = urlsplit(service.connection.url)
                    places[target] = {
                        "region": service.connection.region,
                        "endpoint": f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
                        "run": service.run,
                    }
                    _run(of_target, [*node_ids, *selection], progress, target_outcomes, service)
                if service.leftovers:
                    target_outcomes.append(Outcome("teardown", (), obstacle=service.leftovers))
            else:
                options = [*node_ids, *selection, *worker_options]
                _run(of_target, options, progress, target_outcomes)
            seconds[target] = clock.monotonic() - starts[target][1]
    except (PersonalizeContractError, KeyboardInterrupt) as error:
        if any(outcomes.values()) or not isinstance(error, UsageError):
            publish(evidence(_reason(error)))
        raise
    return evidence()


@contextlib.contextmanager
def _before_teardown(publish: Callable[[str], None]) -> Iterator[None]:
    """Publish at the end of the context, even after an error, since the teardown may take long."""
    partial = ""
    try:
        yield
    except BaseException as error:
        partial = _reason(error)
        raise
    finally:
        publish(partial)


def _reason(error: BaseException) -> str:
    """Return the reason that a run ended early."""
    return "it was interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
