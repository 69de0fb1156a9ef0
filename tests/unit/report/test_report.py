"""Reports: their contents, their omissions, and that no answer breaks them."""

import html.parser
import io
import json
import re
import shlex
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.command import DATASETS, environment, run
from helpers.endpoint import Change, listening
from personalize_contract.live.access import Live
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import DUMMY
from personalize_contract.model.exchange import Request, Response
from personalize_contract.report import files, github, terminal
from personalize_contract.report.files import WRITERS
from personalize_contract.report.view import BROKEN, HOLDS, Report
from personalize_contract.settings import Settings
from personalize_contract.suite import shipped
from personalize_contract.suite.evidence import Evidence, Finding, Outcome
from personalize_contract.suite.run import Run
from personalize_contract.suite.summary import summarize
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets.base import InProcess
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

ACCOUNT = "123456789012"
KEY, SECRET, TOKEN = "AKIACANARY0CANARY000", "canary-secret-canary-secret", "canary/token/canary"


# --- omissions


def echo(request: Request, response: Response) -> Response:
    """Return a response that echoes the whole request everywhere."""
    sent = request.body.decode("utf-8", "replace")
    headers = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    echoed = f"{sent} for account {ACCOUNT}"
    body = json.dumps({"message": echoed, "headers": headers, "__type": echoed[:200]})
    return Response(418, "Echo", {"content-type": f"text/{ACCOUNT}"}, body.encode())


def echo_as_text(request: Request, response: Response) -> Response:
    answered = echo(request, response)
    return Response(400, "Echo", {}, b"<p>" + answered.body.replace(b"{", b"<") + b"</p>")


@pytest.mark.parametrize("change", [echo, echo_as_text])
def test_no_report_has_secrets_accounts_or_item_properties(change: Change, tmp_path: Path) -> None:
    reports = [tmp_path / f"report{suffix}" for suffix in WRITERS]
    env = environment(
        AWS_ACCESS_KEY_ID=KEY,
        AWS_SECRET_ACCESS_KEY=SECRET,
        AWS_SESSION_TOKEN=TOKEN,
        GITHUB_ACTIONS="true",
    )
    with listening(change) as url:
        done = run(
            "verify",
            "--target=live",
            f"--endpoint-url={url}",
            *(dataset.replace("000000000000", ACCOUNT) for dataset in DATASETS),
            *(f"--report={path}" for path in reports),
            "-k=items or body or success or message or in-use",
            env=env,
        )

    assert done.returncode == 1, done.stderr
    for text in (done.stdout, done.stderr, *(path.read_text("utf-8") for path in reports)):
        assert "request.items.max-members" in text or text is done.stderr
        for canary in (KEY, SECRET, TOKEN, ACCOUNT, "tea-and-a-secret", "Signature="):
            assert canary not in text


# --- malicious answers


def report_of(response: Response) -> Report:
    """Return the report of a live run in which every answer is this one."""
    connection = Connection("http://127.0.0.1:1", "us-east-1", DUMMY_CREDENTIALS, "endpoint")
    live = Live(connection, InProcess(lambda request: response, "endpoint"), DUMMY)
    suite = Run(Settings(target="live", cassettes=shipped.cassettes()), live)
    selected = [
        scenario
        for scenario in SCENARIOS["PutItems"]
        if scenario.id in ("items-11", "success", "body-bom")
    ]
    outcomes = {"live": [suite.outcome(scenario) for scenario in selected]}
    return summarize(Evidence(load("PutItems"), outcomes))


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("<>&\"'`|[](){}*_#@\\/:%\r\n\t\0\x1b\x85\u2028\u202e\u2066\ud800\ufffe"),
        st.characters(),
    ),
    max_size=40,
) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</pre></details><img src=x onerror=alert(1)>",
        "\n::error title=x::pwned",
        "| a | b |\n| --- | --- |",
        "```\n# h\n",
        "[x](javascript:alert(1)) @octocat #1 https://example.com www.example.com",
        "]]>&lt;&#0;",
        "{{ 7 * 7 }}{% raw %}",
    ]
)
BODIES = st.one_of(
    st.binary(max_size=60),
    HOSTILE.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.dictionaries(HOSTILE, HOSTILE | st.integers() | st.none(), max_size=3).map(
        lambda value: json.dumps(value).encode()
    ),
    st.fixed_dictionaries({"message": HOSTILE, "__type": HOSTILE}).map(
        lambda value: json.dumps(value).encode()
    ),
    st.integers(1, 400).map(lambda depth: b'{"message": ' * depth + b"1" + b"}" * depth),
)
LATIN = HOSTILE.map(lambda text: text.encode("latin-1", "replace").decode("latin-1"))
ANSWERS = st.builds(
    Response,
    st.sampled_from([200, 299, 302, 400, 404, 409, 418, 500]),
    LATIN,
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("content-type", "x-amzn-errortype", "x-amzn-requestid"), LATIN),
    ),
    BODIES,
)


class _Page(html.parser.HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self._builder = ET.TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements |= {(tag, ""), *((tag, name) for name, _ in attrs)}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self._builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in ("meta", "input"):
            self._builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        self._builder.data(data)

    @cached_property
    def tree(self) -> ET.Element:
        return self._builder.close()


def parsed(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture(scope="module")
def usual() -> _Page:
    """Return the page of a run with harmless answers."""
    answer = Response(400, "Bad Request", {"x-amzn-errortype": "X"}, b'{"message": "no"}')
    return parsed(WRITERS[".html"](report_of(answer)))


@given(ANSWERS)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_no_answer_breaks_a_report(usual: _Page, answer: Response) -> None:
    report = report_of(answer)

    page = parsed(WRITERS[".html"](report))
    assert page.elements - usual.elements <= _OF_OTHER_ANSWERS
    assert set(page.links) == set(usual.links)
    ET.fromstring(WRITERS[".xml"](report))  # noqa: S314 - it is our own
    json.loads(WRITERS[".json"](report))
    for line in WRITERS[".md"](report).splitlines():
        assert not line.lstrip().startswith("::")
        assert re.findall(r"<(?!/?(?:code|details|summary)>|br>)", line) == []


_OF_OTHER_ANSWERS = {("p", "class"), ("ul", ""), ("li", ""), ("pre", ""), ("pre", "class")}
"""What a page about another answer may have besides: notes, bodies."""


def test_the_answer_is_shown_as_text() -> None:
    answer = Response(400, "No", {"content-type": "a/b"}, b"<script>alert('tea')</script>")
    page = parsed(WRITERS[".html"](report_of(answer)))

    assert "<script>alert('tea')</script>" in page.text


def test_direction_marks_are_shown_escaped() -> None:
    answer = Response(400, "No", {}, "gnp.\u202eexe\x1b[31m".encode())
    page = WRITERS[".html"](report_of(answer))

    assert r"gnp.\u202eexe\u001b[31m" in page
    assert "\u202e" not in page


# --- the page


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the reports of a run with broken, unreached and changed clauses."""
    folder = tmp_path_factory.mktemp("reports")
    datasets = [*DATASETS[::2], "-k=items or item-id or same-item or missing"]  # none in use
    with listening() as url:
        target = ["verify", "--target=live", f"--endpoint-url={url}", f"--cassettes={folder}"]
        assert run(*target, *datasets, "--record").returncode == 3

    def change(request: Request, response: Response) -> Response:
        code = response.headers.get("x-amzn-errortype")
        if code == "SerializationException":
            other = {**response.headers, "x-amzn-errortype": "ValidationException"}
            return Response(400, "Bad Request", other, response.body)
        if code == "ResourceNotFoundException":
            return Response(410, "Gone", {"x-amzn-requestid": "c0ffee"}, b"")
        return response

    with listening(change) as url:
        target = ["verify", "--target=live", f"--endpoint-url={url}", f"--cassettes={folder}"]
        reports = [f"--report={folder / f'report{suffix}'}" for suffix in WRITERS]
        assert run(*target, *datasets, *reports).returncode == 1
    return folder


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    return (written / "report.html").read_text("utf-8")


def test_the_page_loads_no_external_resource(page: str) -> None:
    parser = parsed(page)

    outside = {link for link in parser.links if not link.startswith("#")}
    assert {link.partition("#")[0] for link in outside} == {load("PutItems").page}
    assert not parser.elements & {("script", ""), ("img", ""), ("link", ""), ("iframe", "")}
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def rows(page: str) -> list[ET.Element]:
    """The row of each clause, in the order of the page."""
    return [row for row in parsed(page).tree.iter("details") if row.get("class") == "row"]


def clause(row: ET.Element) -> str:
    return row[1].get("id") or ""


def test_every_clause_has_a_row_with_its_status(page: str) -> None:
    states = {clause(row): row.get("data-state") for row in rows(page)}

    assert sorted(states) == sorted(load("PutItems").clauses)
    assert states["request.items.max-members"] == "holds"
    assert states["request.item-id.type"] == "changed"
    assert states["error.not-found.status"] == "broken"
    assert states["error.in-use.code"] == "not-reached"


def test_broken_clauses_come_first_and_expand_to_their_exchange(page: str) -> None:
    states = [row.get("data-state") or "" for row in rows(page)]
    promised = states[: sum(clause.can_fail for clause in load("PutItems").clauses.values())]
    order = ["broken", "changed", "not-reached", "holds"]
    assert promised == sorted(promised, key=order.index)

    first = rows(page)[0]
    assert "open" in first.attrib
    shown = [
        details for details in first.iter("details") if "scenario" in (details.get("class") or "")
    ]
    assert ["open" in details.attrib for details in shown] == [True] + [False] * (len(shown) - 1)
    assert "broken" in "".join(shown[0][0].itertext())


def test_a_link_to_a_clause_opens_it(page: str) -> None:
    """A browser opens the details around what a fragment names, but not for its summary."""
    for row in rows(page):
        assert [child.tag for child in row] == ["summary", "div"]
        links = [link.get("href") for link in row[1].iter("a")]
        assert f"#{clause(row)}" in links


def test_no_link_is_in_a_summary(page: str) -> None:
    summaries = list(parsed(page).tree.iter("summary"))
    assert summaries
    assert [link for summary in summaries for link in summary.iter("a")] == []


def test_headings_are_in_order(page: str) -> None:
    levels = [
        int(heading.tag[1])
        for heading in parsed(page).tree.iter()
        if re.match("h[1-6]$", heading.tag)
    ]

    assert levels[0] == 1
    assert 1 not in levels[1:]
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_a_scenario_has_its_time_and_the_commands_that_repeat_it(page: str) -> None:
    row = next(
        candidate for candidate in rows(page) if clause(candidate) == "error.not-found.status"
    )
    scenario = next(details for details in row.iter("details") if details is not row)
    text = "".join(scenario.itertext())

    assert re.search(r"\d\.\d{3} s", text)
    assert re.search(
        r"^ *personalize-contract verify --operation PutItems --target live --region us-east-1 "
        r"--endpoint-url http://127\.0\.0\.1:\d+ -k missing$",
        text,
        re.MULTILINE,
    )
    (curl,) = re.findall(r"^curl .*$", text, re.MULTILINE)
    words = shlex.split(curl)
    assert words[-1].startswith("http://127.0.0.1:")
    assert words[-1].endswith("/items")
    body = json.loads(words[words.index("--data-binary") + 1])
    assert body["datasetArn"] == DUMMY["missing"]
    assert "REDACTED" not in curl


def test_the_page_says_when_and_where_a_target_was_asked(page: str) -> None:
    facts = {
        term.text: value.text
        for run_facts in parsed(page).tree.iter("dl")
        if run_facts.get("class") == "run"
        for term, value in zip(run_facts.iter("dt"), run_facts.iter("dd"), strict=True)
    }
    assert set(facts) == {"started", "took", "region", "endpoint"}
    assert facts["region"] == "us-east-1"
    assert re.match(r"http://127\.0\.0\.1:\d+$", facts["endpoint"] or "")


@pytest.mark.parametrize("number", [0, 1, 400])
def test_a_page_of_any_number_of_scenarios(number: int) -> None:
    exchange = {
        "answered_by": "endpoint",
        "request": {"method": "POST", "path": "/items", "headers": {}, "body": "{}"},
        "response": {"status": 200, "reason": "", "code": "", "headers": {}, "body": ""},
    }
    finding = Finding("request.items.max-members", BROKEN, "it was taken")
    outcomes = [Outcome(f"s-{at}", (finding,), "endpoint", exchange) for at in range(number)]
    report = summarize(Evidence(load("PutItems"), {"live": outcomes}))
    page = WRITERS[".html"](report)

    assert len(rows(page)) == len(load("PutItems").clauses)
    shown = [
        details for details in parsed(page).tree.iter("details") if details.get("class") != "row"
    ]
    assert len(shown) == min(number, 12)
    assert ("and 388 more scenarios" in page) == (number == 400)


def _exchange(status: int, reason: str, body: str, by: str = "endpoint") -> dict[str, Any]:
    return {
        "answered_by": by,
        "request": {"method": "POST", "path": "/items", "headers": {}, "body": "{}"},
        "response": {
            "status": status,
            "reason": reason,
            "code": "",
            "headers": {},
            "body": body,
        },
    }


NO_ANSWER = _exchange(0, "Connection reset by peer", "", by="")
FAILED = _exchange(500, "Oh", "it failed")
RIGHT = _exchange(200, "OK", "")


def _flaky(first: dict[str, Any], partial: str = "") -> Report:
    """Return the report of a scenario that failed first, and passed when retried."""
    finding = Finding("request.items.max-members", HOLDS, "")
    outcome = Outcome("items-10", (finding,), "endpoint", RIGHT, first=first)
    outcomes = {"live": [Outcome("items-1", (finding,), "endpoint", RIGHT), outcome]}
    return summarize(Evidence(load("PutItems"), outcomes, partial=partial))


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    ("first", "details"),
    [(FAILED, ["500", "Oh", "it failed"]), (NO_ANSWER, ["no answer", "Connection reset by peer"])],
    ids=["500", "no answer"],
)
def test_every_report_has_both_exchanges_of_a_flaky_scenario(
    first: dict[str, Any], details: list[str], suffix: str
) -> None:
    text = WRITERS[suffix](_flaky(first))

    for words in ["flaky", "items-10", "200", *details]:
        expected = '"status": 0' if (words, suffix) == ("no answer", ".json") else words
        assert expected in text
    assert "0 Connection" not in text
    assert "items-1, attempt" not in text


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_report_says_that_it_is_partial(suffix: str) -> None:
    assert "the line was cut" in WRITERS[suffix](_flaky(FAILED, "the line was cut"))
    assert "This is partial" not in WRITERS[suffix](_flaky(FAILED))


def test_a_flaky_row_shows_the_failure_before_the_success() -> None:
    page = WRITERS[".html"](_flaky(FAILED))
    row = next(
        candidate for candidate in rows(page) if clause(candidate) == "request.items.max-members"
    )

    assert "data-flaky" in row.attrib
    flaky = next(details for details in row.iter("details") if details is not row)
    titles = ["".join(heading.itertext()).split(" answered by")[0] for heading in flaky.iter("h5")]
    assert titles == ["request", "live, attempt 1", "live, attempt 2", "repeat it"]
    assert "urgent" in (flaky.get("class") or "")  # which is printed
    (command,) = re.findall("personalize-contract verify .*", "".join(flaky.itertext()))
    assert command.endswith("-k items-10")


def test_the_terminal_names_each_flake() -> None:
    console = terminal.Output(file=io.StringIO(), width=200)
    terminal.show(_flaky(NO_ANSWER), console)
    assert isinstance(console.file, io.StringIO)
    line = "flaky on live: items-10: no answer: Connection reset by peer; passed when retried"
    assert line in console.file.getvalue().splitlines()


def test_junit_counts_flakes_and_passes_them() -> None:
    root = ET.fromstring(WRITERS[".xml"](_flaky(NO_ANSWER, "it was cut")))  # noqa: S314 - our own
    facts = {fact.get("name"): fact.get("value") for fact in root.iter("property")}
    assert facts["flaky"] == "1"
    assert facts["partial"] == "it was cut"
    (case,) = (
        testcase for testcase in root.iter("testcase") if testcase.find("system-out") is not None
    )
    assert (case.get("name"), len(case)) == ("request.items.max-members", 1)


def test_a_change_is_marked_on_both_sides(page: str) -> None:
    row = page[page.index('id="request.item-id.type"') :]
    _, _, row = row.partition("<code>item-id-null</code>")
    scenario, _, _ = row.partition('<details class="scenario')
    marked = re.findall(r'<div class="mark"><span class="name">(.*?):</span> (.*?)</div>', scenario)

    assert marked == [
        ("x-amzn-errortype", "SerializationException"),
        ("x-amzn-errortype", "ValidationException"),
    ]
    cells = re.findall(
        r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>', scenario
    )
    assert cells == [("code", "SerializationException", "ValidationException", "yes")]


def test_each_source_links_to_its_section(page: str) -> None:
    assert (
        '<a href="https://docs.aws.amazon.com/personalize/latest/dg/API_UBS_PutItems.html'
        '#personalize-UBS_PutItems-request-items">Request Body: items</a>' in page
    )
    assert "PutItems.html#API_UBS_PutItems_Errors" in page


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    whole = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


TEMPLATE = "".join(
    (Path(shipped.__file__).parents[1] / "report" / name).read_text("utf-8")
    for name in ("palette.css.jinja", "page.html.jinja")
)
SCHEMES = dict(
    zip(("light", "dark", "print"), re.findall(r":root \{(.*?)\}", TEMPLATE, re.S), strict=True)
)
PAIRS = [
    *((ink, paper) for ink in ("ink", "quiet", "link") for paper in ("page", "paper", "code")),
    *((tone, f"{tone}-on") for tone in ("holds", "broken", "not-reached", "changed", "observed")),
    ("ink", "mark"),
    ("quiet", "mark"),
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_has_the_contrast_of_wcag_aa(scheme: str) -> None:
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", SCHEMES[scheme]))
    assert {name for pair in PAIRS for name in pair} <= set(colours)
    for ink, paper in PAIRS:
        light, dark = sorted((_luminance(colours[ink]), _luminance(colours[paper])))[::-1]
        ratio = (light + 0.05) / (dark + 0.05)
        assert ratio >= 4.5, f"{ink} on {paper} has {ratio:.1f}"


# --- Markdown and GitHub


def test_the_summary_fits_github_s_limit() -> None:
    long = "|" * 2000
    headers = {"x-amzn-errortype": long, "content-type": long}
    body = json.dumps({"message": long, "__type": long}).encode()
    text = WRITERS[".md"](_all_of(Response(400, long, headers, body)))

    assert len(text.encode()) < 1024 * 1024 / 2


def _all_of(response: Response) -> Report:
    connection = Connection("http://127.0.0.1:1", "us-east-1", DUMMY_CREDENTIALS, "endpoint")
    target = InProcess(lambda request: response, "endpoint")
    suite = Run(
        Settings(target="live", cassettes=shipped.cassettes()), Live(connection, target, DUMMY)
    )
    outcomes = [suite.outcome(scenario) for scenario in SCENARIOS["PutItems"]]
    targets = dict.fromkeys(("live", "recorded", "reference"), outcomes)
    return summarize(Evidence(load("PutItems"), targets))


def test_the_markdown_has_the_headline_the_broken_and_the_changed(written: Path) -> None:
    text = (written / "report.md").read_text("utf-8")

    headline = "2 of 17 clauses are broken on live, 2 were not reached"
    assert text.startswith(f"## PutItems: {headline}")
    assert re.search(r"^- `error.not-found.status` on live: <code>.*expected 404", text, re.M)
    row = "| code | <code>SerializationException</code> | <code>ValidationException</code> |"
    assert row in text


def test_findings_become_annotations_on_github_only() -> None:
    def accepts(request: Request, response: Response) -> Response:
        return Response(200, "OK", {}, b"") if response.status == 409 else response

    with listening(accepts) as url:
        target = ["verify", "--target=live", f"--endpoint-url={url}", *DATASETS, "-k=in-use"]
        quiet = run(*target)
        printed = run(*target, env=environment(GITHUB_ACTIONS="true"))

    assert "::error" not in quiet.stdout
    errors = [line for line in printed.stdout.splitlines() if line.startswith("::error ")]
    (error,) = errors
    assert error.startswith("::error title=error.in-use.status broken on live::A dataset in use")
    assert "expected 409, the answer is 200 with an empty body" in error
    (notice,) = (line for line in printed.stdout.splitlines() if line.startswith("::notice "))
    headline = "1 of 2 clauses is broken on live"
    assert notice.startswith(f"::notice title=PutItems::PutItems: {headline}")


def test_no_answer_becomes_a_workflow_command() -> None:
    def commands(request: Request, response: Response) -> Response:
        code = "\n::add-mask::x\n::error title=a%0A,b::c"
        return Response(400, "No", {}, json.dumps({"__type": code, "message": code}).encode())

    with listening(commands) as url:
        target = ["verify", "--target=live", f"--endpoint-url={url}", *DATASETS]
        done = run(*target, env=environment(GITHUB_ACTIONS="true"))

    lines = [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
    assert len(lines) > 3
    annotation_start = r"::(error|warning|notice) title=[^,:]*::"
    assert [line for line in lines if not re.match(annotation_start, line)] == []
    assert not any("::add-mask" in line[:12] for line in lines)
    assert sum(line.startswith("::error") for line in lines) <= 10
    assert sum(line.startswith("::warning") for line in lines) <= 10


def test_an_annotation_is_always_one_line() -> None:
    outcome = Outcome("items-11", (), obstacle="100% of\r\n::error::it")
    report = summarize(Evidence(load("PutItems"), {"live": [outcome]}))

    warnings = [line for line in github.lines(report) if line.startswith("::warning")]
    assert warnings[0] == "::warning title=could not be done::100%25 of%0D%0A::error::it"


def test_an_unknown_kind_of_report_is_refused_before_the_run(tmp_path: Path) -> None:
    done = run("verify", "--report", tmp_path / "report.docx")

    assert done.returncode == 2
    assert ".json or .xml or .html or .md" in done.stderr


def test_folder_of_a_report_is_created(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "report.md"
    files.check([path])
    files.save(path, "tea")
    assert path.read_text("utf-8") == "tea"
