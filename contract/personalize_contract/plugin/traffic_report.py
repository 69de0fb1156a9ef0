"""Reports of a run, in files and on GitHub: made of the tallies, those of xdist's workers too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.model.advice import known
from personalize_contract.model.contract import load
from personalize_contract.plugin import summary
from personalize_contract.plugin.run_log import NO_ANSWER, THROTTLED
from personalize_contract.plugin.summary import Tally
from personalize_contract.privacy import display
from personalize_contract.report import files, github, traffic
from personalize_contract.report.traffic import AdviceLine, Problem, SiteCoverage, Traffic


def of(tally: Tally) -> Traffic:
    """Return the report of what a run counted."""
    problems = (key[1:] for key in sorted(tally) if key[0] == "problem")
    return Traffic(
        answers=tuple(summary.answers(tally)),
        problems=tuple(Problem(*map(display.message, problem)) for problem in problems),
        changed=tuple(
            display.quoted(f"{verdict}: {key[1]}")
            for verdict in summary.VERDICTS
            for key in sorted(tally)
            if key[0] == verdict
        ),
        advice=tuple(_advice(tally)),
        coverage=tuple(_coverage(tally)),
    )


def _advice(tally: Tally) -> Iterator[AdviceLine]:
    for (sent, name), (where, requests) in summary.places(tally).items():
        row = known(name)
        yield AdviceLine(display.quoted(sent), name, row.wrong, row.instead, where, requests)


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
    """Writes the reports at the end of a run. Registered where one was asked for, or on GitHub.

    Args:
        paths: the files to write.
        tally: of the run.
    """

    def __init__(self, paths: tuple[Path, ...], tally: Tally) -> None:
        self._paths, self._tally = paths, tally

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the files; on GitHub, annotate the lines that sent what was found."""
        found = of(self._tally)
        for path in self._paths:
            try:
                files.save(path, traffic.FORMS[path.suffix](found))
            except UsageError as error:
                pytest.exit(display.quoted(error), returncode=pytest.ExitCode.USAGE_ERROR)
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if os.environ.get("GITHUB_ACTIONS") != "true" or not found.has_findings:
            return
        if terminal:
            for line in github.of_traffic(found):
                terminal.write_line(line)
        if step_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            try:
                with Path(step_summary).open("a", encoding="utf-8") as file:
                    file.write(traffic.as_markdown(found))
            except OSError as error:
                if terminal:
                    terminal.write_line(
                        "personalize-contract: the step summary was not written: "
                        f"{step_summary} (GITHUB_STEP_SUMMARY): {error.strerror}"
                    )
