"""The suite's verdicts on unreachable services, and on answers that say nothing about them."""

from dataclasses import replace

import pytest

from adversary.defects.table import mutants
from adversary.listening import plainly, reset, served
from adversary.service import Answer, Sent, right
from adversary.trial import ALL, broken, evidence
from helpers.command import ACTIVE, DATASETS
from helpers.command import run as command
from personalize_contract.errors import TargetUnavailable, TimedOut
from personalize_contract.live.access import Live
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import Evidence
from personalize_contract.suite.run import Run
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

pytestmark = pytest.mark.usefixtures("unmeasured")

ABOUT_MISSING = [
    "request.dataset-arn.max-length",
    "error.not-found.status",
    "error.not-found.code",
]


def test_the_command_passes_a_correct_service() -> None:
    with served(right()) as url:
        done = command("verify", "--target", "live", "--endpoint-url", url, *DATASETS)

    assert done.returncode == 0, done.stderr
    assert "all 32 clauses hold on live" in done.stdout


def test_a_state_without_a_dataset_is_not_reached() -> None:
    shown = evidence(right(), states=("active", "in-use"))

    assert broken(shown) == set()
    assert shown.exit_status() == 3
    assert shown.exit_status(["error.not-found.status"]) == 3
    assert [clause.id for clause in shown.clauses("not reached", "live")] == ABOUT_MISSING
    assert shown.exit_status(ABOUT_MISSING) == 0
    assert "--dataset ARN=missing" in shown.cells["error.not-found.code", "live"].why


def test_the_command_allows_unreached_clauses() -> None:
    allowed = [f"--allow-not-reached={clause}" for clause in ABOUT_MISSING]
    with served(right()) as url:
        done = command(
            *("verify", "--target", "live", "--endpoint-url", url, *DATASETS[:2], *allowed)
        )

    assert done.returncode == 0, done.stderr
    assert "error.not-found.code not reached on live (allowed)" in done.stdout


def test_broken_beats_not_reached() -> None:
    mutant = mutants()["request.items.max-members: 11 instead of 10"]
    shown = evidence(mutant.service, states=("active",))

    assert shown.exit_status([clause for clause, _ in shown.cells]) == 1


@pytest.mark.parametrize(
    ("status", "code", "symptom"),
    [
        (503, "", "is unavailable"),
        (429, "", "asked to slow down"),
        (400, "ThrottlingException", "asked to slow down"),
    ],
)
def test_throttling_is_neither_correct_nor_wrong(status: int, code: str, symptom: str) -> None:
    busy = Answer(status, b"{}", (("x-amzn-errortype", code),) if code else ())

    def sometimes(sent: Sent, answer: Answer) -> Answer:
        return answer if sent.number % 10 else busy

    shown = evidence(replace(right(), around=sometimes))

    assert broken(shown) == set()
    assert shown.exit_status() == 2
    assert symptom in shown.obstacles()[0]


def test_a_service_that_rejects_the_sender_was_not_reached() -> None:
    denied = Answer(403, b'{"message": "no"}', (("x-amzn-errortype", "AccessDeniedException"),))
    with served(replace(right(), around=lambda sent, answer: denied)) as url:
        done = command(
            *("verify", "--target", "live", "--endpoint-url", url, *DATASETS),
            *("-k", "items-1 or missing"),
        )

    assert done.returncode == 2
    assert "could not be done" in done.stderr
    assert "denied access (403 AccessDeniedException)" in done.stderr


class Unreachable:
    """A target that can't be reached after some answers."""

    def __init__(self, after: int = 0) -> None:
        self.requests, self._after = 0, after

    def answer(self, request: ParsedRequest) -> Exchange:
        self.requests += 1
        if self.requests <= self._after:
            return Exchange(request, Response(200, "OK", {}, b""), "endpoint")
        raise TargetUnavailable("no server is listening")


class Late(Unreachable):
    """A target that takes too long after some answers."""

    def answer(self, request: ParsedRequest) -> Exchange:
        try:
            return super().answer(request)
        except TargetUnavailable as error:
            raise TimedOut("it took too long") from error


def run(target: Unreachable) -> Run:
    connection = Connection("http://127.0.0.1:1", "us-east-1", DUMMY_CREDENTIALS, "endpoint")
    return Run(Settings(target="live"), Live(connection, target, {"active": ACTIVE}))


def test_the_run_gives_up_on_a_silent_service() -> None:
    target = Late(3)
    trial = run(target)

    outcomes = [trial.outcome(scenario) for scenario in ALL[:20]]

    assert target.requests == 8
    assert [finding.status for finding in outcomes[7].findings] == ["broken", "broken"]
    assert {outcome.obstacle for outcome in outcomes[8:]} == {
        "given up after 5 requests in a row: it took too long"
    }
    assert Evidence(trial.contract, {"live": outcomes}).exit_status() == 1


def test_a_missing_answer_to_an_unknown_is_reported() -> None:
    shown = evidence(
        right(),
        lambda sent, answer: reset if b"NaN" in sent.body else plainly(sent, answer),
        scenarios=[scenario for scenario in ALL if scenario.id.startswith("body-")],
    )

    assert broken(shown) == set()
    assert "body-nan" in str(shown.cells["request.body.lenient", "live"].notes)


@pytest.mark.parametrize(("answers", "requests"), [(0, 1), (1, 3)])
def test_an_unreachable_endpoint_is_tried_once(answers: int, requests: int) -> None:
    target = Unreachable(answers)
    trial = run(target)

    outcomes = [trial.outcome(scenario) for scenario in ALL[:3]]

    assert target.requests == requests
    assert {outcome.obstacle for outcome in outcomes[answers:]} == {"no server is listening"}
