"""Reports of a run, in files and on GitHub, made of its tally, to which xdist's workers add."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from personalize_contract.cassette import ownership
from personalize_contract.errors import UsageError
from personalize_contract.model.advice import known
from personalize_contract.model.contract import load
from personalize_contract.plugin import paths, summary, verdicts
from personalize_contract.plugin.run_log import NO_ANSWER, THROTTLED
from personalize_contract.plugin.summary import Tally
from personalize_contract.privacy import display
from personalize_contract.report import files, github, repeat, traffic
from personalize_contract.report.traffic import (
    AdviceLine,
    ReportedProblem,
    SiteCoverage,
    Traffic,
    UnusedExchange,
)
from personalize_contract.report.view import RunFacts

if TYPE_CHECKING:
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.model.exchange import Exchange, Request
    from personalize_contract.plugin.session import Problem
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.settings import Settings


# --- into the tally, by each test


def note_problems(
    tally: Tally, test: str, problems: Iterable[Problem], redactor: Redactor, settings: Settings
) -> None:
    """Note the problems of a test that has ended."""
    for problem in problems:
        title = (settings.verify and verdicts.of(problem)) or problem.title
        curl = _curl(problem.request, redactor, settings) if problem.request else ""
        tally["problem", title, problem.site, test, problem.report, curl] = 1


def note_unused(
    tally: Tally, test: str, replay: Replay, unused: Sequence[Exchange], settings: Settings
) -> None:
    """Note the unused exchanges of a cassette."""
    from personalize_contract.feedback.unused_report import requests
    from personalize_contract.privacy.redaction import Redactor

    path = display.path(replay.path)
    for number, words, request in requests(replay, unused):
        curl = _curl(request, Redactor(keep=None), settings)
        tally["unused-exchange", path, f"{number:06}", test, words, curl] = 1


def _curl(request: Request, redactor: Redactor, settings: Settings) -> str:
    facts = RunFacts(region=settings.region or "", endpoint=settings.endpoint_url or "")
    return repeat.curl(display.request(request, redactor), facts)


# --- out of the tally, at the end of the run


def of(tally: Tally, config: pytest.Config) -> Traffic:
    """Return the report of a run.

    Args:
        tally: the tally of the run.
        config: the run's configuration, whose options the commands repeat.
    """
    problems = sorted(key[1:] for key in tally if key[0] == "problem")
    findings = [
        ReportedProblem(*map(display.message, (*about, test, text, _repeat(config, test), curl)))
        for *about, test, text, curl in problems
    ]
    changed = [finding for finding in findings if finding.title in summary.VERDICTS]
    return Traffic(
        answers=tuple(summary.answers(tally)),
        problems=tuple(finding for finding in findings if finding not in changed),
        changed=(*changed, *_other_verdicts(tally, config, changed)),
        unused=tuple(_unused(tally, config)),
        baseline=tuple(map(display.quoted, summary.baseline(tally))),
        refused=tuple(map(display.quoted, summary.refusals(tally))),
        advice=tuple(_advice(tally)),
        coverage=tuple(_coverage(tally)),
    )


def _repeat(config: pytest.Config, test: str) -> str:
    """Return the command that runs a test alone, or those that share a cassette."""
    if "::" not in test:
        return ""
    node_id = test.partition("::")[0] if ownership.is_shared(test) else test
    return paths.repeat_command(config, node_id)


def _other_verdicts(
    tally: Tally, config: pytest.Config, changed: Sequence[ReportedProblem]
) -> Iterator[ReportedProblem]:
    """Yield the verdicts on tests that sent nothing, such as those on credentials."""
    known = {(finding.title, finding.test) for finding in changed}
    for verdict in summary.VERDICTS:
        for _, text, test in sorted(key for key in tally if key[0] == verdict):
            if (verdict, test) not in known:
                why = text.removeprefix(f"{test}: ")
                words = (verdict, "", test, why, _repeat(config, test), "")
                yield ReportedProblem(*map(display.message, words))


def _unused(tally: Tally, config: pytest.Config) -> Iterator[UnusedExchange]:
    for key in sorted(key for key in tally if key[0] == "unused-exchange"):
        _, cassette, number, test, request, curl = map(display.message, key)
        yield UnusedExchange(cassette, int(number), request, test, _repeat(config, test), curl)


def _advice(tally: Tally) -> Iterator[AdviceLine]:
    for (sent, name), (where, requests) in summary.places(tally).items():
        row = known(name)
        number = requests if where else 0
        yield AdviceLine(display.quoted(sent), name, row.wrong, row.instead, where, number)


def _coverage(tally: Tally) -> Iterator[SiteCoverage]:
    sites: dict[tuple[str, str], dict[str, int]] = {}
    for key, count in sorted(tally.items()):
        if key[0] == "met":
            sites.setdefault((key[1], key[2]), {})[display.quoted(key[3])] = count
    for (site, operation), met in sites.items():
        documented = ("200", *load(operation).errors, THROTTLED, NO_ANSWER)
        never = tuple(name for name in documented if name not in met)
        yield SiteCoverage(display.quoted(site), operation, met, never)


class Reporter:
    """Writes the reports at the end of a run. Registered if there is a report, and on GitHub.

    Args:
        paths: the files to write.
        tally: the tally of the run.
    """

    def __init__(self, paths: tuple[Path, ...], tally: Tally) -> None:
        self._paths, self._tally = paths, tally

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the files; on GitHub, annotate the call sites of findings."""
        report = of(self._tally, session.config)
        for path in self._paths:
            try:
                files.save(path, traffic.FORMS[path.suffix](report))
            except UsageError as error:
                pytest.exit(display.quoted(error), returncode=pytest.ExitCode.USAGE_ERROR)
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if os.environ.get("GITHUB_ACTIONS") != "true" or not report.has_findings:
            return
        if terminal:
            for line in github.of_traffic(report):
                terminal.write_line(line)
        if step_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            try:
                with Path(step_summary).open("a", encoding="utf-8") as file:
                    file.write(traffic.as_markdown(report))
            except OSError as error:
                if terminal:
                    terminal.write_line(
                        "personalize-contract: the step summary was not written: "
                        f"{step_summary} (GITHUB_STEP_SUMMARY): {error.strerror}"
                    )
