"""What the page doesn't say: asked on purpose, noted, and never failed."""

import json
from pathlib import Path

import pytest

from personalize_contract.model.datasets import DUMMY
from personalize_contract.model.exchange import Request, Response
from personalize_contract.suite.scenario import Wire, text
from personalize_contract.suite.tables.scenarios import SCENARIOS
from support.command import run
from support.endpoint import listening, live, report

Notes = dict[str, list[str]]
BY_ID = {scenario.id: scenario for scenario in SCENARIOS["PutItems"]}
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
def noted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Notes]:
    """The notes on each observed clause, of the reference service and of its recordings."""
    path = tmp_path_factory.mktemp("report") / "all.json"
    assert run("verify", "--report", path).returncode == 0
    return {
        f"{clause} {target}": found.get("notes", {})
        for clause, row in report(path).items()
        for target, found in row["targets"].items()
        if row["level"] == "observed"
    }


@pytest.mark.parametrize("target", ["reference", "recorded"])
@pytest.mark.parametrize("clause", NOTES)
def test_an_unknown_is_noted(noted: dict[str, Notes], clause: str, target: str) -> None:
    assert set(noted[f"{clause} {target}"]) == NOTES[clause]


def test_the_first_mistake_that_is_answered_is_told_by_code_or_message(
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


def test_each_message_is_noted_once(noted: dict[str, Notes]) -> None:
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
def test_another_method_or_path_is_really_sent(scenario: str, method: str, path: str) -> None:
    sends = BY_ID[scenario].sends

    assert isinstance(sends, Wire)
    assert (sends.method, sends.path) == (method, path)


def test_each_kind_of_signature_is_sent() -> None:
    sent: list[str] = []

    def kind(authorization: str) -> str:
        if "contract-nobody/" in authorization:
            return "of nobody"
        return next((r for r in ("us-east-1", "eu-west-1") if r in authorization), "none")

    def note(request: Request, response: Response) -> Response:
        sent.append(request.headers.get("authorization", "none"))
        return response

    with listening(note) as url:
        assert live(url, "-k", "signature- or success-at-the-end").returncode == 3
    assert sorted(kind(value) for value in sent) == [
        "eu-west-1",
        "none",
        "of nobody",
        "us-east-1",
        "us-east-1",
    ]
    assert len(set(sent)) == len(sent)


def test_a_denial_is_an_answer_only_where_it_was_asked_for(tmp_path: Path) -> None:
    def refuse(request: Request, response: Response) -> Response:
        headers = {"x-amzn-errortype": "MissingAuthenticationTokenException"}
        return Response(403, "Forbidden", headers, b"")

    path = tmp_path / "report.json"
    with listening(refuse) as url:
        done = live(url, "--report", path, "-k", "signature-none or items-11 or method-get")

    found = report(path)
    assert done.returncode == 2  # who is refused has something to mend before anything is known
    note = {"403 MissingAuthenticationTokenException": ["signature-none"]}
    assert found["request.signature"]["targets"]["live"]["notes"] == note
    assert found["request.method.other"]["targets"]["live"]["status"] == "holds"
    assert found["request.items.max-members"]["targets"]["live"]["status"] == "not reached"


def test_no_unknown_can_fail_a_run(tmp_path: Path) -> None:
    """Whatever is answered to what the page is silent about, nothing is broken."""
    asked = {
        json.dumps(text(one.sends, DUMMY[one.state]).decode("latin-1"))
        for one in SCENARIOS["PutItems"]
        if isinstance(one.sends, Wire) and one.expects[0][0] == "request.body.lenient"
    }

    def other(request: Request, response: Response) -> Response:
        if json.dumps(request.body.decode("latin-1")) in asked:
            return Response(500, "Oh", {"content-type": "text/html"}, b"<h1>Oh</h1>")
        return response

    path = tmp_path / "report.json"
    with listening(other) as url:
        done = live(url, "--report", path)

    assert done.returncode == 0, done.stdout
    seen = report(path)["request.body.lenient"]["targets"]["live"]
    assert seen["status"] == "holds"
    assert list(seen["notes"]) == ["500 without an error code"]
