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
    """Told how far a run is."""

    def begin(self, target: str, total: int) -> None:
        """The scenarios of a target begin."""

    def step(self) -> None:
        """One more scenario is done."""


class _Collector:
    """A pytest plugin that takes the outcomes out of the reports of one run."""

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
        except pytest.UsageError as error:  # of -k; pytest would print a line of its own
            pytest.exit(str(error))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._begin(sum(not isinstance(item, Again) for item in session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._begin(len(ids))

    def _begin(self, total: int) -> None:
        # Each worker collects all there is, and the process that waits for them nothing.
        if total and not self._begun:
            self._begun = True
            self._progress.begin(self._settings.target, total)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        if told := getattr(node, "workeroutput", {}).get(STOPPED):
            self.stopped = pytest.exit.Exception(told)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            if report.failed:
                self.crashes.append(_crash(report))
            return
        found = [value for name, value in report.user_properties if name == "personalize_contract"]
        for value in found:
            assert isinstance(value, dict)
            outcome = Outcome.from_property(value)
            outcome = replace(outcome, seconds=round(report.duration, 3))
            self.outcomes[outcome.scenario] = outcome  # what was asked again counts
        if "[" not in report.nodeid and not report.failed:
            return  # what asks again, and had nothing to
        if not found:
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
        except pytest.exit.Exception as error:  # pytest would print a line of its own
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
    """Return where a report says that something failed, and how, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    where = str(crash) if crash else report.longreprtext.strip().splitlines()[-1]
    return " ".join(where.split())


@contextlib.contextmanager
def _shielded() -> Iterator[None]:
    """Without what a caller's environment would add to pytest."""
    before = dict(os.environ)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _ask(
    settings: Settings,
    options: Sequence[str],
    progress: Progress,
    outcomes: list[Outcome],
    live: Live | None = None,
) -> None:
    """Put the outcomes of one target into a list, in the order of the table of scenarios.

    Raises:
        UsageError, PersonalizeContractError, KeyboardInterrupt: the run ended before its end; the
            list has what was found out until then.
    """
    collector = _Collector(settings, progress, live)
    arguments = [
        f"-c{_SUITE / 'pytest.ini'}",
        f"--confcutdir={_SUITE}",
        "-pno:cacheprovider",
        "-pno:terminal",
        # It collects garbage five times at the end, for warnings that only the terminal shows.
        "-pno:unraisableexception",
        "--capture=no",  # who waits for a dataset is told so
        *options,
    ]
    with _shielded():
        status = pytest.main(arguments, plugins=[collector])
    order = [scenario.id for scenario in SCENARIOS[settings.operation]]
    outcomes += sorted(collector.outcomes.values(), key=lambda one: order.index(one.scenario))
    if isinstance(collector.stopped, pytest.exit.Exception):
        raise UsageError(collector.stopped.msg)
    # First: after an error while it collects, pytest interrupts itself.
    if collector.crashes:
        raise PersonalizeContractError(
            f"this is a defect of the suite, met on {settings.target}: {collector.crashes[0]}; "
            "please report it with the command that led to it"
        )
    if collector.stopped:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError("-k selects no scenario; it is an expression of their names")


def _spread(workers: str | None) -> list[str]:
    """The options that spread a target's scenarios over processes.

    Raises:
        UsageError: it is no number of workers, or pytest-xdist is not installed.
    """
    if workers is None:
        return []
    if workers != "auto" and not (workers.isascii() and workers.isdigit()):
        raise UsageError(f"-n {workers}: say how many workers, as a number, or auto")
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
        settings: settings of the run, whatever target they name. Their `cassettes` is the folder
            to read recordings from, or with `record` to write them into; None for those that
            this version ships with.
        targets: some of `recorded`, `reference`, `live`.
        expression: selects scenarios by their names, as in pytest; None for all.
        is_smoke: whether only one scenario is tried for each outcome and limit.
        workers: how many processes ask a target, a number or `auto`; None for this one. A live
            service is asked by this one always: its quota and its dataset are one, too.
        progress: told how far the run is.
        live: opens the live service, for the time that it is asked.
        publish: given the evidence before anything is taken down, and again, marked as partial,
            if the run ends before its end.

    Raises:
        UsageError, CassetteError: it could not be done, as the message says.
        KeyboardInterrupt: it was interrupted; whole cassettes were written, or none.
    """
    for target in targets:
        if target not in TARGETS:
            raise UsageError(f"target {target!r}: it is one of {', '.join(TARGETS)}")
    operation, cassettes, record = settings.operation, settings.cassettes, settings.record
    # What is recorded in this run is what is replayed in it.
    order = sorted(set(targets), key=("reference", "live", "recorded").index)
    if record and order == ["recorded"]:
        raise UsageError("--record needs somebody who answers: --target reference or live")
    if record and not cassettes:
        raise UsageError("--record needs a folder to write to: add --cassettes DIR")
    if "recorded" in order and not record:
        # Before anybody is asked, who may take minutes.
        recordings.load(cassettes or shipped.cassettes(), operation, required=True)
    spread = _spread(workers)
    selected = [f"-k{expression}"] if expression else []
    tests = str(_SUITE / "test_operation.py")
    if is_smoke:
        rows = smoke(SCENARIOS[load(operation).operation])
        which = [f"{tests}::test_operation[{row.id}]" for row in rows]
    else:
        which = [str(_SUITE)]
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
        is_selection = bool(selected) or is_smoke
        return Evidence(
            load(operation), outcomes, facts, is_selection=is_selection, partial=partial
        )

    def early(why: str) -> None:
        if any(outcomes.values()):
            publish(evidence(why))

    try:
        for target in order:
            asked = settings._replace(target=target, record=record and target != "recorded")
            found = outcomes.setdefault(target, [])
            starts[target] = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), clock.monotonic()
            if target == "live":
                with live() as service, _at_the_end(early):
                    url = urlsplit(service.connection.url)
                    places[target] = {
                        "region": service.connection.region,
                        "endpoint": f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
                        "run": service.run,
                    }
                    _ask(asked, [*which, *selected], progress, found, service)
                if service.leftovers:
                    found.append(Outcome("take-down", (), obstacle=service.leftovers))
            else:
                _ask(asked, [*which, *selected, *spread], progress, found)
            seconds[target] = clock.monotonic() - starts[target][1]
    except (PersonalizeContractError, KeyboardInterrupt) as error:
        if any(outcomes.values()) or not isinstance(error, UsageError):
            publish(evidence(_ended(error)))
        raise
    return evidence()


@contextlib.contextmanager
def _at_the_end(publish: Callable[[str], None]) -> Iterator[None]:
    """Publish at the end, however it comes: what follows is the take-down, which may take long."""
    why = ""
    try:
        yield
    except BaseException as error:
        why = _ended(error)
        raise
    finally:
        publish(why)


def _ended(error: BaseException) -> str:
    """Return why a run ended before its end."""
    return "it was interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
