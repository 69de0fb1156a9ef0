"""The report of a run of tests: findings, advice, answers, and coverage by call site."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from personalize_contract.report.markdown_text import code, plain, table
from personalize_contract.report.page_template import template


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """A problem that fails a test, or the verdict on an answer that differs from its cassette.

    Args:
        title: a clause id, a verdict, or the kind of problem.
        site: `file:line` that sent the request; `""` if unknown.
        test: node id.
        text: the problem, its evidence and its remedy, without item properties.
        repeat: the command that runs the test alone; `""` for a problem of a whole run.
        curl: the command that sends the request; `""` if it is about none, or not shown whole.
    """

    title: str
    site: str
    test: str
    text: str
    repeat: str
    curl: str


@dataclass(frozen=True, slots=True)
class UnusedExchange:
    """A recorded exchange that was not used.

    Args:
        cassette: path.
        number: of the exchange in the cassette, from 1.
        request: in words.
        test: node id of the test that has the cassette.
        repeat: the command that runs the test alone.
        curl: the command that sends the request; `""` if it is not shown whole.
    """

    cassette: str
    number: int
    request: str
    test: str
    repeat: str
    curl: str


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """A piece of advice on the requests that one line sends, or on a test that sent none.

    Args:
        site: `file:line`, `""` if unknown; the node id of a test that sent none.
        name: the name of the advice.
        wrong: the problem.
        instead: the remedy.
        where: the JSON path of its first occurrence in a request; `""` if there is none.
        requests: the number of requests that it is about.
    """

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
        changed: verdicts on answers that differ from their cassettes.
        unused: recorded exchanges that were not used.
        baseline: known findings, and entries of the baseline that matched nothing.
        refused: requests and connections that were refused, and for which no test failed.
        advice: the advice on valid requests that are probably mistakes.
        coverage: the outcomes by call site.
    """

    answers: tuple[str, ...]
    problems: tuple[ReportedProblem, ...]
    changed: tuple[ReportedProblem, ...]
    unused: tuple[UnusedExchange, ...]
    baseline: tuple[str, ...]
    refused: tuple[str, ...]
    advice: tuple[AdviceLine, ...]
    coverage: tuple[SiteCoverage, ...]

    @property
    def has_findings(self) -> bool:
        """True if anything needs attention: advice does, gaps of coverage don't."""
        return bool(self.problems or self.changed or self.advice)


def as_json(traffic: Traffic) -> str:
    """Return the report as a JSON document."""
    return json.dumps(asdict(traffic), indent=2, ensure_ascii=False) + "\n"


def as_markdown(traffic: Traffic) -> str:
    """Return the report as Markdown."""
    parts = ["## Amazon Personalize in these tests", *map(plain, traffic.answers)]
    for title, findings in (
        ("Findings", traffic.problems),
        ("Answers that differ from their cassettes", traffic.changed),
    ):
        if findings:
            rows = [
                [code(finding.title), code(finding.site), code(finding.test), plain(finding.text)]
                for finding in findings
            ]
            parts.append(f"### {title}\n\n" + table(["finding", "sent at", "test", "text"], rows))
    if traffic.unused:
        rows = [
            [
                code(exchange.cassette),
                str(exchange.number),
                plain(exchange.request),
                code(exchange.test),
            ]
            for exchange in traffic.unused
        ]
        head = ["cassette", "exchange", "request", "test"]
        parts.append("### Unused exchanges\n\n" + table(head, rows))
    if commands := list(_commands(traffic)):
        block = "\n".join(f"    {line}" for line in commands)
        parts.append(f"### Commands that repeat them\n\n{block}")
    for title, lines in (("Baseline", traffic.baseline), ("Refused", traffic.refused)):
        if lines:
            parts.append("\n".join([f"### {title}\n", *(f"- {plain(line)}" for line in lines)]))
    if traffic.advice:
        rows = [
            [code(advice.name), code(advice.site), str(advice.requests), plain(_advice(advice))]
            for advice in traffic.advice
        ]
        parts.append("### Advice\n\n" + table(["advice", "place", "requests", "text"], rows))
    if traffic.coverage:
        rows = [
            [
                code(site.site),
                site.operation,
                ", ".join(f"{plain(name)} ({number})" for name, number in site.met.items()),
                ", ".join(site.never),
            ]
            for site in traffic.coverage
        ]
        head = ["call site", "operation", "met by tests", "never met"]
        parts.append("### Outcomes by call site\n\n" + table(head, rows))
    return "\n\n".join(parts) + "\n"


def _commands(traffic: Traffic) -> Iterator[str]:
    """Yield the commands that repeat each finding and send each unused request, with comments."""
    for finding in (*traffic.problems, *traffic.changed):
        if finding.repeat or finding.curl:
            yield f"# {finding.title}"
        yield from filter(None, (finding.repeat, finding.curl))
    for unused in traffic.unused:
        yield f"# {unused.cassette}, exchange {unused.number}"
        yield from filter(None, (unused.repeat, unused.curl))


def _advice(line: AdviceLine) -> str:
    return f"{line.wrong}: {line.instead}"


def as_html(traffic: Traffic) -> str:
    """Return the report as one HTML page."""
    return template("traffic.html.jinja").render(traffic=traffic)


FORMS: Mapping[str, Callable[[Traffic], str]] = {
    ".json": as_json,
    ".md": as_markdown,
    ".html": as_html,
}
"""The text of a report by the suffix of its file."""
