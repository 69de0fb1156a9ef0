"""The suite on services that it has never seen: the right ones pass, each wrong one is named."""

import itertools
import re
from dataclasses import replace

import pytest

from personalize_contract.errors import TargetUnavailable, TimedOut
from personalize_contract.live.access import Live
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import Evidence
from personalize_contract.suite.run import Run
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets import connection
from support.command import ACTIVE, DATASETS, IN_USE, environment
from support.command import run as command
from support.defects import DEFECTS, Defect
from support.dialects import DIALECTS
from support.judged import broken, judged
from support.theirs import Answer, Rules, served

pytestmark = pytest.mark.usefixtures("unmeasured")

# Enough to show that the command says what the suite in this process says.
BY_COMMAND = ["eleven items are accepted", "missing is UnknownOperation", "a body of a blank"]


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.mark.parametrize("rules", DIALECTS.values(), ids=DIALECTS)
def test_a_legal_dialect_passes(rules: Rules) -> None:
    with served(rules) as url:
        evidence = judged(url)

    assert broken(evidence) == set()
    assert evidence.exit_status() == 0


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_named(defect: Defect) -> None:
    with served(defect.rules) as url:
        evidence = judged(url)

    found = broken(evidence)
    assert defect.clause in found
    assert [one for one in found - {defect.clause} if not one.startswith(defect.also or "-")] == []
    assert evidence.exit_status() == 1


def test_there_are_defects_for_every_clause_that_a_service_can_break() -> None:
    # A service that demands another method, path or query can't be told from one that fails.
    assert {defect.clause for defect in DEFECTS.values()} >= {
        f"request.{what}"
        for what in (
            "media-type",
            "body.json-object",
            "dataset-arn.required",
            "dataset-arn.type",
            "dataset-arn.max-length",
            "dataset-arn.pattern",
            "items.required",
            "items.type",
            "items.min-members",
            "items.max-members",
            "item.type",
            "item-id.required",
            "item-id.type",
            "item-id.min-length",
            "item-id.max-length",
            "properties.optional",
            "properties.type",
            "properties.min-length",
            "properties.max-length",
        )
    } | {
        "response.success.status",
        "response.success.empty-body",
        "error.invalid-input.status",
        "error.invalid-input.code",
        "error.malformed.status",
        "error.not-found.status",
        "error.not-found.code",
        "error.in-use.status",
        "error.in-use.code",
        "error.message",
    }


@pytest.mark.parametrize("name", BY_COMMAND)
def test_the_command_names_a_defect(name: str) -> None:
    with served(DEFECTS[name].rules) as url:
        done = command("verify", "--target", "live", "--endpoint-url", url, *DATASETS)

    assert done.returncode == 1, done.stderr
    assert re.search(rf"^{re.escape(DEFECTS[name].clause)} broken on live$", done.stdout, re.M)
    assert "This is about the endpoint given, not about AWS." in done.stdout


def test_the_command_passes_a_right_service() -> None:
    with served(Rules()) as url:
        done = command("verify", "--target", "live", "--endpoint-url", url, *DATASETS)

    assert done.returncode == 0, done.stderr
    assert "all 32 clauses hold on live" in done.stdout


# --- what was not reached


def test_a_state_that_no_dataset_was_given_for_is_not_reached() -> None:
    with served(Rules()) as url:
        evidence = judged(url, {ACTIVE: "active", IN_USE: "in-use"})

    assert broken(evidence) == set()
    assert evidence.exit_status() == 3
    assert evidence.exit_status(["error.not-found.status"]) == 3
    missing = [clause.id for clause in evidence.clauses("not reached", "live")]
    assert missing == [
        "request.dataset-arn.max-length",
        "error.not-found.status",
        "error.not-found.code",
    ]
    assert evidence.exit_status(missing) == 0
    assert "--dataset ARN=missing" in evidence.cells["error.not-found.code", "live"].why


def test_the_command_takes_leave_for_what_is_not_reached() -> None:
    allowed = [
        f"--allow-not-reached={clause}"
        for clause in (
            "request.dataset-arn.max-length",
            "error.not-found.status",
            "error.not-found.code",
        )
    ]
    with served(Rules()) as url:
        asked = ["verify", "--target", "live", "--endpoint-url", url, *DATASETS[:2]]
        without, given = command(*asked), command(*asked, *allowed)

    assert (without.returncode, given.returncode) == (3, 0), given.stderr
    assert "error.not-found.code not reached on live (allowed)" in given.stdout


def test_what_is_broken_beats_what_is_not_reached() -> None:
    with served(DEFECTS["eleven items are accepted"].rules) as url:
        evidence = judged(url, {ACTIVE: "active"})

    assert evidence.exit_status([clause for clause, _ in evidence.cells]) == 1


@pytest.mark.parametrize(("status", "code"), [(503, ""), (429, ""), (400, "ThrottlingException")])
def test_a_service_that_is_too_busy_is_neither_right_nor_wrong(status: int, code: str) -> None:
    busy = Answer(status, b"{}", {"x-amzn-errortype": code} if code else {})
    numbers = itertools.count(1)
    sometimes = Rules(around=lambda number, sent, usual: busy if next(numbers) % 10 == 0 else usual)
    with served(sometimes) as url:
        evidence = judged(url)

    assert broken(evidence) == set()
    assert evidence.exit_status() == 2
    assert "slow down" in evidence.obstacles()[0]


def test_a_service_that_refuses_the_sender_was_not_reached() -> None:
    denied = Answer(403, b'{"message": "no"}', {"x-amzn-errortype": "AccessDeniedException"})
    with served(Rules(around=lambda number, sent, usual: denied)) as url:
        done = command("verify", "--target", "live", "--endpoint-url", url, *DATASETS)

    assert done.returncode == 2
    assert "could not be done" in done.stderr
    assert "refused the sender (403 AccessDeniedException)" in done.stderr


class Nobody:
    """A target that can't be reached, after some answers of a service."""

    def __init__(self, after: int = 0) -> None:
        self.asked, self._after = 0, after

    def answer(self, request: Request) -> Exchange:
        self.asked += 1
        if self.asked <= self._after:
            return Exchange(request, Response(200, "OK", {}, b""), "endpoint")
        raise TargetUnavailable("nobody is there")


class Late(Nobody):
    """A target that takes too long, but for some answers at first."""

    def answer(self, request: Request) -> Exchange:
        try:
            return super().answer(request)
        except TargetUnavailable as error:
            raise TimedOut("it took too long") from error


def test_a_service_that_does_not_answer_is_given_up() -> None:
    target = Late(3)
    to = connection.live(Settings(region="us-east-1", endpoint_url="http://127.0.0.1:1"))
    run = Run(Settings(target="live"), Live(to, target, {"active": ACTIVE}))

    outcomes = [run.outcome(one) for one in SCENARIOS["PutItems"][:20]]

    assert target.asked == 8
    assert [finding.status for finding in outcomes[7].findings] == ["broken", "broken"]
    assert {one.obstacle for one in outcomes[8:]} == {
        "given up after 5 requests in a row: it took too long"
    }
    assert Evidence(run.contract, {"live": outcomes}).exit_status() == 1


def test_what_gets_no_answer_where_none_is_known_is_noted() -> None:
    dropped = Rules(
        around=lambda number, sent, usual: (
            replace(usual, cut=True) if b"NaN" in sent.body else usual
        )
    )
    with served(dropped) as url:
        evidence = judged(url)

    assert evidence.exit_status() == 0
    assert "body-nan" in str(evidence.cells["request.body.lenient", "live"].notes)


@pytest.mark.parametrize(("answers", "asked"), [(0, 1), (1, 3)])
def test_an_endpoint_where_nobody_ever_was_is_asked_once(answers: int, asked: int) -> None:
    target = Nobody(answers)
    to = connection.live(Settings(region="us-east-1", endpoint_url="http://127.0.0.1:1"))
    run = Run(Settings(target="live"), Live(to, target, {"active": ACTIVE}))

    outcomes = [run.outcome(one) for one in SCENARIOS["PutItems"][:3]]

    assert target.asked == asked
    assert {one.obstacle for one in outcomes[answers:]} == {"nobody is there"}
