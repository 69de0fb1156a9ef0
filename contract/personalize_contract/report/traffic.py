"""The report of a run of somebody's tests: findings, advice, answers, and coverage by call site."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from personalize_contract.report.markdown_text import code, plain, table
from personalize_contract.report.page_template import template


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that fails a test.

    Args:
        site: `file:line` that sent the request; `""` if unknown.
        test: node id.
        title: a clause id, or the kind of problem.
        text: the problem, its evidence and its remedy.
    """

    site: str
    test: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """A piece of advice on what one line sends."""

    site: str
    name: str
    wrong: str
    instead: str
    where: str
    requests: int


@dataclass(frozen=True, slots=True)
class SiteCoverage:
    """The outcomes that the tests of one line have met, and those that they never have.

    Args:
        site: `file:line` that sends.
        operation: the operation that it calls.
        met: number of requests by outcome.
        never: outcomes that the page documents, throttling and no answer, which no test met.
    """

    site: str
    operation: str
    met: Mapping[str, int]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """One run of tests.

    Args:
        answers: who answered, in words.
        problems: that failed tests.
        changed: verdicts on answers that differ from their cassettes, with the test of each.
        advice: on what is valid and probably a mistake.
        coverage: by call site.
    """

    answers: tuple[str, ...]
    problems: tuple[Problem, ...]
    changed: tuple[str, ...]
    advice: tuple[AdviceLine, ...]
    coverage: tuple[SiteCoverage, ...]

    @property
    def has_findings(self) -> bool:
        """Whether something is to be looked at: advice counts, gaps of coverage don't."""
        return bool(self.problems or self.changed or self.advice)


def as_json(traffic: Traffic) -> str:
    """Return the report as a JSON document."""
    return json.dumps(asdict(traffic), indent=2, ensure_ascii=False) + "\n"


def as_markdown(traffic: Traffic) -> str:
    """Return the report as Markdown."""
    parts = ["## Amazon Personalize in these tests", *map(plain, traffic.answers)]
    if traffic.problems:
        rows = [
            [code(one.title), code(one.site), code(one.test), plain(one.text)]
            for one in traffic.problems
        ]
        parts.append("### Findings\n\n" + table(["finding", "sent at", "test", "text"], rows))
    if traffic.changed:
        lines = "\n".join(f"- {plain(line)}" for line in traffic.changed)
        parts.append(f"### Answers that differ from their cassettes\n\n{lines}")
    if traffic.advice:
        rows = [
            [code(one.name), code(one.site), str(one.requests), plain(_advice(one))]
            for one in traffic.advice
        ]
        parts.append("### Advice\n\n" + table(["advice", "sent at", "requests", "text"], rows))
    if traffic.coverage:
        rows = [
            [
                code(one.site),
                one.operation,
                ", ".join(f"{plain(name)} ({number})" for name, number in one.met.items()),
                ", ".join(one.never),
            ]
            for one in traffic.coverage
        ]
        head = ["call site", "operation", "met by tests", "never met"]
        parts.append("### Outcomes by call site\n\n" + table(head, rows))
    return "\n\n".join(parts) + "\n"


def _advice(one: AdviceLine) -> str:
    return f"{one.wrong}: {one.instead}"


def as_html(traffic: Traffic) -> str:
    """Return the report as one HTML page."""
    return template("traffic.html.jinja").render(traffic=traffic)


FORMS: Mapping[str, Callable[[Traffic], str]] = {
    ".json": as_json,
    ".md": as_markdown,
    ".html": as_html,
}
"""The text of a report by the suffix of its file."""
