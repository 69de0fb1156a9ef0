"""Undocumented behaviour: requested on purpose, reported, and never failed."""

from dataclasses import replace

import pytest

from adversary.service import Answer, Sent, right
from adversary.trial import ALL, broken, evidence, one_of_each
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import DUMMY
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import Evidence
from personalize_contract.suite.run import opened
from personalize_contract.suite.scenario import RawRequest, Scenario, text

Notes = dict[str, list[str]]
BY_ID = {scenario.id: scenario for scenario in ALL}
UNKNOWN = [
    scenario
    for scenario in ALL
    if scenario.id == "items-20" or not load("PutItems").clauses[scenario.expects[0][0]].can_fail
]
"""The scenarios about clauses that are only observed, and one more message."""
NOTES = {
    "error.malformed.code": {"400 SerializationException"},
    "error.framing": {"x-amzn-errortype"},
    "error.content-type": {"application/json"},
    "response.success.headers": {"x-amzn-requestid"},
    "request.method.other": {"404 without an error code"},
    "request.path.other": {"404 without an error code"},
    "request.uri-parameters": {"200 with an empty body"},
    "request.signature": {
        "403 MissingAuthenticationTokenException",
        "403 InvalidSignatureException",
        "403 UnrecognizedClientException",
    },
    "request.media-type.other": {"415 UnsupportedMediaTypeException", "200 with an empty body"},
    "request.body.lenient": {"400 SerializationException"},
    "request.unknown-members": {"200 with an empty body", "400 InvalidInputException"},
    "request.items.duplicates": {"200 with an empty body"},
    "request.properties.content": {"200 with an empty body"},
}


@pytest.fixture(scope="module")
def noted() -> dict[str, Notes]:
    """Return the notes on each observed clause, for the reference service and its recordings."""
    scenarios = {scenario.id: scenario for scenario in (*one_of_each(), *UNKNOWN)}.values()
    outcomes = {}
    for target in ("reference", "recorded"):
        with opened(Settings(target=target)) as run:
            outcomes[target] = [run.outcome(scenario) for scenario in scenarios]
    shown = Evidence(load("PutItems"), outcomes)
    assert [shown.clauses("broken", target) for target in outcomes] == [[], []]
    return {f"{clause} {target}": cell.notes for (clause, target), cell in shown.cells.items()}


@pytest.mark.parametrize("target", ["reference", "recorded"])
@pytest.mark.parametrize("clause", NOTES)
def test_an_unknown_is_reported(noted: dict[str, Notes], clause: str, target: str) -> None:
    assert set(noted[f"{clause} {target}"]) == NOTES[clause]


def test_the_precedence_of_mistakes_is_reported(
    noted: dict[str, Notes],
) -> None:
    answers = {
        scenario: note
        for note, scenarios in noted["error.precedence recorded"].items()
        for scenario in scenarios
    }

    assert answers["missing-and-eleven"].startswith("400 InvalidInputException: items: ")
    assert answers["missing-and-cut-short"].startswith("400 SerializationException: body: ")
    assert answers["bad-arn-and-eleven"].startswith("400 InvalidInputException: datasetArn: ")
    assert answers["unsigned-and-cut-short"].startswith("403 MissingAuthenticationToken")
    assert answers["other-media-type-and-cut-short"].startswith("415 ")


def test_each_message_is_reported_once(noted: dict[str, Notes]) -> None:
    messages = noted["error.message.text recorded"]

    assert messages["The specified resource is in use"] == ["in-use"]
    assert messages["items: it has 20 members. items has at most 10 members."] == ["items-20"]


@pytest.mark.parametrize(
    ("scenario", "method", "path"),
    [
        ("method-get", "GET", "/items"),
        ("method-delete", "DELETE", "/items"),
        ("path-other", "POST", "/items/tea"),
        ("uri-parameter", "POST", "/items?tea=1"),
    ],
)
def test_another_method_or_path_is_sent(scenario: str, method: str, path: str) -> None:
    sends = BY_ID[scenario].sends

    assert isinstance(sends, RawRequest)
    assert (sends.method, sends.path) == (method, path)


def named(*ids: str) -> list[Scenario]:
    return [BY_ID[scenario] for scenario in ids]


def test_each_kind_of_signature_is_sent() -> None:
    sent: list[str] = []

    def kind(authorization: str) -> str:
        if "personalize-contract-nobody/" in authorization:
            return "unknown key"
        return next((r for r in ("us-east-1", "eu-west-1") if r in authorization), "none")

    def note(request: Sent, answer: Answer) -> Answer:
        sent.append(request.headers.get("authorization", "none"))
        return answer

    scenarios = [
        scenario for scenario in ALL if scenario.id.startswith(("signature-", "success-at-the-end"))
    ]
    shown = evidence(replace(right(), around=note), scenarios=scenarios)

    assert shown.exit_status() == 3
    assert sorted(kind(value) for value in sent) == [
        "eu-west-1",
        "none",
        "unknown key",
        "us-east-1",
        "us-east-1",
    ]
    assert len(set(sent)) == len(sent)


def test_a_denial_counts_only_in_scenarios_that_expect_one() -> None:
    code = "MissingAuthenticationTokenException"
    denied = Answer(403, b"", (("x-amzn-errortype", code),))

    shown = evidence(
        replace(right(), around=lambda sent, answer: denied),
        scenarios=named("items-11", "signature-none", "method-get"),
    )

    assert shown.exit_status() == 2  # a rejected sender has to fix that first
    signature = shown.cells["request.signature", "live"]
    assert signature.notes == {f"403 {code}": ["signature-none"]}
    assert shown.cells["request.method.other", "live"].status == "holds"
    assert shown.cells["request.items.max-members", "live"].status == "not reached"


def test_no_unknown_can_fail_a_run() -> None:
    """No answer to an undocumented request breaks a clause."""
    lenient_bodies = {
        text(scenario.sends, DUMMY[scenario.state])
        for scenario in ALL
        if isinstance(scenario.sends, RawRequest)
        and scenario.expects[0][0] == "request.body.lenient"
    }
    failure = Answer(500, b"Oh", (("content-type", "text/plain"),))

    shown = evidence(
        replace(
            right(), around=lambda sent, answer: failure if sent.body in lenient_bodies else answer
        )
    )

    assert (shown.exit_status(), broken(shown)) == (0, set())
    lenient = shown.cells["request.body.lenient", "live"]
    assert lenient.status == "holds"
    assert list(lenient.notes) == ["500 without an error code"]
