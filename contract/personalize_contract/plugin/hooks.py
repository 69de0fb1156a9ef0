"""The hooks of the pytest plugin. `marked`, `modes` and `session` do the work.

Every pytest run loads this module where the package is installed, so expensive imports are left
to the first test that needs them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from personalize_contract.errors import PersonalizeContractError, UsageError
from personalize_contract.plugin import options, run_settings, run_state
from personalize_contract.plugin.options import DATA_KEY, Decision
from personalize_contract.settings import KEY as _SETTINGS
from personalize_contract.settings import MARK

if TYPE_CHECKING:
    from personalize_contract.plugin.session import Problem

_WHOLE = pytest.StashKey[list[pytest.Item]]()
"""Every test of the run's modules, if all of them run; none otherwise."""
_OPEN = pytest.StashKey[contextlib.ExitStack]()
"""Closes the session of a test."""
_DECISION = pytest.StashKey[Decision | None]()
"""The decision on a test by its teardown; None if the call decided."""
_UNOPENED = pytest.StashKey["Problem"]()
"""The reason why the session of a test could not be opened."""
_LATE = pytest.StashKey[contextlib.ExitStack]()
"""Ends the refusal of late requests between marked tests."""
_SHARED = ("shared",)
"""The tally's key for a run in which tests share a cassette."""


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    options.add_mark(config)
    try:
        config.stash[_SETTINGS] = run_settings.read(config)
        reports = options.reports(config)
        config.stash[options.BASELINE] = options.baseline(config)
    except UsageError as error:
        from personalize_contract.privacy import display

        raise pytest.UsageError(display.quoted(error)) from None
    if config.stash[_SETTINGS].verify:
        from personalize_contract.plugin.verdicts import Verdicts

        config.pluginmanager.register(Verdicts(), "personalize_contract_verdicts")
    if options.reports_traffic(config) and not hasattr(config, "workerinput"):
        from personalize_contract.plugin.traffic_report import Reporter

        reporter = Reporter(reports, run_state.tally(config))
        config.pluginmanager.register(reporter, "personalize_contract_reporter")


# --- one test


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    except (KeyboardInterrupt, pytest.exit.Exception):
        if marked := item.stash.get(run_state.MARKED, None):
            marked.interrupt()
        raise
    finally:
        _close(item)


def pytest_runtest_setup(item: pytest.Item) -> None:
    # Before the fixtures, and after the plugins that skip the test.
    _close(item)  # of an earlier run of the same test, by a plugin that runs it again
    _open(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    _fail_for_problems(item)  # of the set-up
    marked = item.stash.get(run_state.MARKED, None)
    with marked.owner.watching() if marked else contextlib.nullcontext():
        return (yield from _phase(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    result = yield from _phase(item)
    if marked := item.stash.get(run_state.MARKED, None):
        try:
            problem = marked.finish()
        except PersonalizeContractError as error:
            problem = str(error)
        _close(item)
        if item.stash.get(_DECISION, None):
            item.stash[_DECISION] = Decision.FAILED if problem else Decision.PASSED
        if problem:
            _fail(problem)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if not (marked := item.stash.get(run_state.MARKED, None)):
        report = yield
        if report.skipped:
            item.stash[options.SKIPPED] = True
        decision = item.stash.get(_DECISION, None)
        if call.when == "teardown" and decision and report.outcome == decision.value:
            setattr(report, DATA_KEY, decision.value)
        if unopened := item.stash.get(_UNOPENED, None):
            _settle(item, report, [unopened])
        return report
    problems = marked.session.problems
    if problems and call.excinfo and not item.config.getoption("fulltrace"):
        from personalize_contract.plugin import failure_report

        call.excinfo = failure_report.shortened(call.excinfo)
    report = yield
    if report.skipped:
        item.stash[options.SKIPPED] = True
    if call.when == "call":
        is_xfail = hasattr(report, "wasxfail")
        marked.passed = report.passed and not is_xfail
        marked.failed_as_expected = report.skipped and is_xfail and not problems
        # Subtests have reports of the call, too; the last one is the test's.
        item.stash[_DECISION] = None
        if marked.passed and marked.missing_requests():
            item.stash[_DECISION] = Decision.OPEN
            setattr(report, DATA_KEY, Decision.OPEN.value)
    if report.failed and call.excinfo and problems:
        from personalize_contract.plugin import failure_report

        failure_report.lead(report, problems, call.excinfo.value)
    if report.failed or hasattr(report, "wasxfail"):
        marked.session.reported(problems)
    _settle(item, report, problems or marked.session.in_reports)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count a test once, by the outcome of its teardown if that decides."""
    decision = getattr(report, DATA_KEY, "")
    is_subtest = type(report) is not pytest.TestReport
    if not decision or is_subtest or report.outcome not in ("passed", "failed"):
        return None
    if decision == Decision.OPEN.value:
        return "", "", ""
    if decision == Decision.OF_RUN.value:
        return "failed", "", "FAILED"  # no letter, since it belongs to no test
    return (report.outcome, "F" if report.failed else ".", report.outcome.upper())


def _settle(item: pytest.Item, report: pytest.TestReport, problems: Sequence[Problem]) -> None:
    """Apply the verdict on a test's answers to its report, in a run that verifies them."""
    if item.config.stash[_SETTINGS].verify:
        from personalize_contract.plugin import verdicts

        if settled := verdicts.settle(report, problems):
            verdict, why = settled
            run_state.tally(item.config)[verdict, f"{item.nodeid}: {why}", item.nodeid] = 1


def _phase(item: pytest.Item) -> Generator[None, object, object]:
    """Run a phase of a test, and fail it for its session's problems unless it fails anyway."""
    try:
        result = yield
    except pytest.skip.Exception:
        # A skip doesn't excuse the requests before it.
        _fail_for_problems(item)
        raise
    _fail_for_problems(item)
    return result


def _fail_for_problems(item: pytest.Item) -> None:
    marked = item.stash.get(run_state.MARKED, None)
    if marked and (problems := marked.session.problems):
        from personalize_contract.plugin import failure_report

        _fail(failure_report.text(problems))


def _fail(text: str) -> None:
    from personalize_contract.privacy import display

    pytest.fail(display.message(text), pytrace=False)


def _open(item: pytest.Item) -> None:
    settings = item.config.stash[_SETTINGS]
    has_mark = options.is_marked(item)
    if not has_mark and settings.check != "all":
        return
    from personalize_contract.plugin import mark as marks
    from personalize_contract.plugin import marked, paths

    problem, stack = "", contextlib.ExitStack()
    try:
        if has_mark:
            fixtures = getattr(item, "fixturenames", ())
            service, faults = "personalize_service" in fixtures, "personalize_faults" in fixtures
            mark = marks.read(reversed(list(item.iter_markers(MARK))))
            if mark.cassette:
                run_state.tally(item.config)[_SHARED] = 1
            settings = paths.settings_of(item, settings)
            live = None if service else run_state.live_service(item.config, settings)
            tally, loopbacks = run_state.tally(item.config), run_state.loopbacks(item.config)
            opened = marked.opened(
                item, mark, settings, live, tally, loopbacks, service=service, faults=faults
            )
        else:
            opened = marked.checked_only(item, settings, run_state.tally(item.config))
        item.stash[run_state.MARKED] = stack.enter_context(opened)
        item.stash[_OPEN], item.stash[_DECISION] = stack, None
    except PersonalizeContractError as error:
        problem = str(error)
        if settings.verify:
            from personalize_contract.plugin.session import Problem

            item.stash[_UNOPENED] = Problem(problem, error)
        if options.reports_traffic(item.config):
            title = type(error).__name__
            run_state.tally(item.config)["problem", title, "", item.nodeid, problem, ""] = 1
    if problem:
        _fail(problem)


def _close(item: pytest.Item) -> None:
    if stack := item.stash.get(_OPEN, None):
        marked = item.stash[run_state.MARKED]
        del item.stash[_OPEN], item.stash[run_state.MARKED]
        stack.close()
        _refuse_late(item.config, left_running=marked.owner.close())
        run_state.tally(item.config).update(marked.tally())
        if options.reports_traffic(item.config):
            from personalize_contract.plugin import mode_factory, traffic_report

            tally, settings = run_state.tally(item.config), marked.settings
            redactor = mode_factory.redactor(marked.mark, settings)
            traffic_report.note_problems(tally, marked.test, marked.problems, redactor, settings)
            if replay := marked.replay_to_report:
                unused = replay.unused()
                traffic_report.note_unused(tally, marked.test, replay, unused, settings)
        run_state.count_waits(item.config)


def _refuse_late(config: pytest.Config, *, left_running: bool) -> None:
    """Refuse requests of leftover threads and tasks between marked tests, as long as they run."""
    late = config.stash.get(_LATE, None)
    if left_running and not late:
        from personalize_contract.interceptors.install import of_sdks
        from personalize_contract.plugin.run_log import LateHandler, RunLog

        late = config.stash[_LATE] = contextlib.ExitStack()
        late.enter_context(of_sdks(LateHandler(RunLog("", run_state.tally(config))), None))
    elif late and not left_running:
        del config.stash[_LATE]
        late.close()


# --- the whole run


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the list of collected tests if whole modules were requested."""
    selected = any("::" in argument for argument in config.args) or config.getoption("lf", False)
    collected = [] if selected else list(items)
    config.stash.setdefault(_WHOLE, collected)
    config.stash.setdefault(options.COLLECTED, collected)


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        item.config.stash[_WHOLE] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Finish shared cassettes after the last test, on xdist's controller too."""
    config, interrupted = session.config, True
    try:
        result = yield
    except session.Failed:
        interrupted = False
        _note_gone(config)
        raise
    else:
        _note_gone(config)
        if baseline := config.stash[options.BASELINE]:
            tally, items = run_state.tally(config), config.stash.get(_WHOLE, [])
            baseline.note_collected(tally, items)
            if not hasattr(config, "workeroutput"):
                baseline.note_unmatched(tally)
        if _SHARED in config.stash.get(run_state.TALLY, ()):
            from personalize_contract.plugin import shared

            shared.finish(session, run_state.tally(config), config.stash[_SETTINGS])
        if config.stash[_SETTINGS].fail_on and not hasattr(config, "workeroutput"):
            from personalize_contract.plugin import failure_report

            failure_report.fail_on_cassettes(
                session, run_state.tally(config), config.stash[_SETTINGS]
            )
        return result
    finally:
        if _SHARED in config.stash.get(run_state.TALLY, ()):
            from personalize_contract.plugin import shared

            shared.abandon(config, interrupted=interrupted)


def _note_gone(config: pytest.Config) -> None:
    """Note the cassettes whose test is gone, if whole modules were collected."""
    items = config.stash.get(_WHOLE, [])
    if items and run_state.TALLY in config.stash:
        from personalize_contract.plugin.paths import gone
        from personalize_contract.privacy import display

        marked = [item for item in items if options.is_marked(item)]
        for path in gone(items, marked, config.stash[_SETTINGS]):
            run_state.tally(config)["gone", display.path(path)] = 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if run_state.TALLY not in config.stash:
        return
    _refuse_late(config, left_running=False)
    if loopbacks := config.stash.get(run_state.LOOPBACKS, None):
        loopbacks.close()
        for test, requests in loopbacks.late.items():
            run_state.tally(config)["outlived", test] = requests
    if (output := getattr(config, "workeroutput", None)) is not None:
        output[DATA_KEY] = list(config.stash[run_state.TALLY].items())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add an xdist worker's tally. A crashed worker has none."""
    tally = run_state.tally(node.config)
    for key, count in getattr(node, "workeroutput", {}).get(DATA_KEY, ()):
        # Each worker notes every cassette without a test.
        tally[key] = count if key[0] == "gone" else tally[key] + count


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if run_state.TALLY not in config.stash or config.get_verbosity() < -1:
        return
    from personalize_contract.plugin import summary
    from personalize_contract.privacy import display

    tally = config.stash[run_state.TALLY]
    if (target := run_settings.recorded_by_ini(config)) and any(
        key[0] == "recorded" for key in tally
    ):
        tally["ini-record", target] = 1
    if config.get_verbosity() < 0:
        if line := summary.short(tally):
            terminalreporter.write_line(f"personalize-contract: {line}")
    elif lines := list(summary.lines(tally)):
        terminalreporter.write_sep("=", "personalize-contract")
        for line in lines:
            terminalreporter.write_line(display.quoted(line))
