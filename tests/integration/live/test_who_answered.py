"""Answers from elsewhere: problems of the environment, in one line without a traceback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

import pytest

from helpers.command import ACTIVE, MISSING, run
from helpers.night import verify
from helpers.stand_in import ACCOUNT, StandIn
from personalize_contract.errors import TargetUnavailable
from personalize_contract.live.access import Live
from personalize_contract.live.control import Control
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model.datasets import State
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service import core
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import Evidence
from personalize_contract.suite.run import Run
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets.base import InProcess
from personalize_contract.targets.connection import Connection, live
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

PAGE = b"<!DOCTYPE html><html><head><title>Log\x1b[31m in &amp; go</title></head></html>"
HTML, TEXT, JSON = (
    {"content-type": kind}
    for kind in ("text/html; charset=utf-8", "text/plain", "application/json")
)

# Answers of servers between client and service, each with its quotation in messages.
FOREIGN = {
    "a login page": (Response(200, "OK", HTML, PAGE), r'200 text/html "Log\x1b[31m in & go"'),
    "a login page with an id": (
        Response(200, "OK", {**HTML, "x-amzn-requestid": "c0ffee"}, PAGE),
        "200 text/html",
    ),
    "a page without a type": (
        Response(200, "OK", {}, b"\n<html>hi</html>"),
        "200 without a media type",
    ),
    "a firewall's page": (Response(403, "Forbidden", HTML, b"<h1>No</h1>"), "403 text/html"),
    "a server's page": (Response(500, "Oh", HTML, b"<h1>Oh</h1>"), "500 text/html"),
    "a page of overload": (Response(503, "Busy", HTML, b"<h1>Oh</h1>"), "503 text/html"),
    "a portal": (
        Response(302, "Found", {"location": "http://portal.example/?token=tea"}, b""),
        "302 to http://portal.example/ without a media type, empty",
    ),
    "a redirect": (Response(307, "Moved", {"location": "/"}, b""), "307 to /"),
    "a proxy that wants a login": (Response(407, "Who", TEXT, b"who?"), "407 text/plain"),
    "a bad gateway": (Response(502, "Bad", TEXT, b"no healthy upstream"), "502 text/plain"),
    "a late gateway": (Response(504, "Late", {}, b""), "504 without a media type, empty"),
    "a network that wants a login": (Response(511, "Who", JSON, b'{"login": 1}'), "511"),
}

# Foreign only at a service that sends a request id with every answer.
WITHOUT_AN_ID = {
    "a success in words": (Response(200, "OK", TEXT, b"welcome"), "200 text/plain"),
    "a portal's JSON": (Response(200, "OK", JSON, b'{"login": 1}'), "200 application/json"),
    "an empty success": (Response(200, "OK", {}, b""), "200 without a media type, empty"),
    "a refusal in words": (Response(403, "No", TEXT, b"policy 7"), "403 text/plain"),
    "a policy's JSON": (
        Response(403, "No", JSON, b'{"code": "BLOCKED_BY_POLICY"}'),
        "403 application/json",
    ),
}


# --- PutItems


def shown(
    answer: Response,
    *places: int,
    ids: bool = True,
    by: str = "endpoint",
    only: tuple[str, ...] = ("items-1", "items-11", "items-10", "missing"),
) -> Evidence:
    """Return the evidence of a run with a service that is correct but for some requests.

    Args:
        answer: the answer to those requests.
        places: their numbers, from 1; none for all.
        ids: whether the service sends request ids.
        by: its name in provenance.
        only: the scenarios of the run.
    """
    with StandIn().served() as stand_in:
        stand_in.store.add_dummies()
        requests: list[Request] = []

        def respond(request: Request) -> Response:
            requests.append(request)
            if not places or len(requests) in places:
                return answer
            correct = core.respond(request, stand_in.store)
            headers = {k: v for k, v in correct.headers.items() if ids or k != "x-amzn-requestid"}
            return Response(correct.status, correct.reason, headers, correct.body)

        connection = Connection("http://127.0.0.1:1", "us-east-1", DUMMY_CREDENTIALS, by)
        arns: dict[State, str] = {"active": ACTIVE, "missing": MISSING}
        service = Live(connection, InProcess(respond, by), arns, sends_ids=by == "aws")
        trial = Run(Settings(target="reference"), service)
        outcomes = [
            trial.outcome(scenario) for scenario in SCENARIOS["PutItems"] if scenario.id in only
        ]
    return Evidence(trial.contract, {"live": outcomes})


def sender(asked: str, quoted: str) -> str:
    """Return the start of the message about an answer; the sender of a bad 5xx is unknown."""
    if quoted.startswith("5") and not quoted.startswith("511"):
        return f"unknown origin: {asked} returned an error that its front end or a proxy may have"
    return f"proxy: {asked} did not answer, but a server between this machine and it did ("


def is_the_environment(evidence: Evidence, quoted: str) -> None:
    assert evidence.clauses("broken", "live") == []
    assert evidence.exit_status() == 2
    why = evidence.obstacles()[0]
    assert why.startswith(sender("the service", quoted))
    assert quoted in why
    assert why.isprintable()


@pytest.mark.parametrize("case", FOREIGN)
@pytest.mark.parametrize("places", [(1,), (3,), ()], ids=["first", "middle", "all"])
def test_answer_from_elsewhere_breaks_no_clause(case: str, places: tuple[int, ...]) -> None:
    answer, quoted = FOREIGN[case]
    is_the_environment(shown(answer, *places), quoted)


@pytest.mark.parametrize("case", WITHOUT_AN_ID)
@pytest.mark.parametrize(
    ("by", "places"),
    [("aws", (1,)), ("aws", (3,)), ("aws", ()), ("endpoint", (3,))],
    ids=["aws first", "aws middle", "aws all", "endpoint middle"],
)
def test_answer_without_an_id_is_from_elsewhere(
    case: str, by: str, places: tuple[int, ...]
) -> None:
    answer, quoted = WITHOUT_AN_ID[case]
    is_the_environment(shown(answer, *places, by=by), quoted)


@pytest.mark.parametrize("case", ["a success in words", "a portal's JSON", "a refusal in words"])
def test_endpoint_without_ids_is_judged(case: str) -> None:
    answer, _ = WITHOUT_AN_ID[case]
    assert shown(answer, 2, ids=False).exit_status() == 1


OWN = {
    "a documented error": core.error(404, "ResourceNotFoundException", "no"),
    "an error by its body": Response(400, "No", JSON, b'{"__type": "a#ValidationException"}'),
    "the front end's XML": Response(404, "No", {}, b"<UnknownOperationException/>\n"),
    "an id alone": Response(418, "No", {"x-amzn-requestid": "c0ffee"}, b""),
    "a failure": Response(500, "Oh", {"x-amzn-requestid": "c0ffee"}, b""),
}


@pytest.mark.parametrize("case", OWN)
def test_wrong_answer_of_the_service_is_broken(case: str) -> None:
    response = OWN[case]
    headers = {k: v for k, v in response.headers.items() if k != "x-amzn-requestid"}
    if case in ("an id alone", "a failure"):
        headers = dict(response.headers)
    answer = Response(response.status, response.reason, headers, response.body)
    assert shown(answer, 3, by="aws").exit_status() == 1


def test_rejection_by_a_front_end_is_not_reached() -> None:
    """A front end may reject a request for its size, sender, path or method."""
    refusal = Response(413, "Large", HTML, b"<title>Request Entity Too Large</title>")
    names = ("method-get", "path-other", "signature-none", "properties-32000")
    evidence = shown(refusal, 2, 3, 4, 5, by="aws", only=("items-1", *names))

    assert evidence.exit_status() == 3
    assert evidence.obstacles() == []
    for clause in ("request.method.other", "request.properties.max-length"):
        cell = evidence.cells[clause, "live"]
        assert cell.status == "not reached"
        assert 'unrecognised answer: 413 text/html "Request Entity Too Large"' in cell.why
        assert cell.exchanges[0]["response"]["body"].startswith("<title>")


# --- STS and the control plane

LISTED: dict[str, Callable[[Control], object]] = {
    "GetCallerIdentity": lambda control: control.account(),
    "CreateSchema": lambda control: control.call("CreateSchema", name="a", schema="{}"),
    "DescribeDataset": lambda control: control.call("DescribeDataset", datasetArn="a" * 20),
    "ListSchemas": lambda control: control.pages("ListSchemas", "schemas"),
}
UNREADABLE = {
    **FOREIGN,
    **{name: WITHOUT_AN_ID[name] for name in ("a success in words", "a portal's JSON")},
    "XML of something else": (Response(200, "OK", {}, b"<login/>"), "200 without a media type"),
    "half an answer": (Response(200, "OK", JSON, b'{"schemaArn'), "200 application/json"),
}


@pytest.fixture(scope="module")
def account() -> Iterator[StandIn]:
    with StandIn(step=200).served() as stand_in:
        yield stand_in


@pytest.mark.parametrize("operation", LISTED)
def test_foreign_answer_to_a_control_plane_call_is_the_environment(
    operation: str, account: StandIn
) -> None:
    notices: list[str] = []
    control = Control(
        live(Settings(endpoint_url=account.url)), RateLimiter(), RetryPolicy(notices.append)
    )
    try:
        for case, (answer, quoted) in UNREADABLE.items():
            account.before = partial(_give, answer)
            with pytest.raises(TargetUnavailable) as caught:
                LISTED[operation](control)
            why = str(caught.value)
            assert why.startswith(sender(operation, quoted)), case
            assert quoted in why, case
            assert why.isprintable(), case
    finally:
        account.before = lambda name, request: None
    assert notices == []  # nothing was retried


def _give(answer: Response, name: str, request: Request) -> Response:
    return answer


PLACES = {
    "GetCallerIdentity": "a login page",
    "CreateSchema": "a portal",
    "CreateDatasetGroup": "a portal's JSON",
    "DescribeDatasetGroup": "a bad gateway",
    "CreateDataset": "a success in words",
    "DescribeDataset": "a firewall's page",
    "PutItems": "a portal's JSON",
    "UpdateDataset": "a late gateway",
    "DeleteDataset": "a server's page",
    "DeleteSchema": "a redirect",
    "DeleteDatasetGroup": "a proxy that wants a login",
}


# The calls of each operation that get such an answer: all of a night's, or one.
CALLS = [
    *((operation, 0) for operation in PLACES),
    *(("CreateSchema", 2), ("DescribeDatasetGroup", 2), ("DescribeDataset", 1)),
    *(("DescribeDataset", 3), ("PutItems", 1), ("PutItems", 3), ("DeleteSchema", 2)),
]


@pytest.mark.parametrize(
    ("operation", "number"), CALLS, ids=[f"{name} {number or 'all'}" for name, number in CALLS]
)
def test_night_with_a_foreign_answer_ends_with_one_line(
    operation: str, number: int, account: StandIn
) -> None:
    answer, quoted = UNREADABLE[PLACES[operation]]
    asked = "the service" if operation == "PutItems" else operation
    calls = 0

    def elsewhere(name: str, request: Request) -> Response | None:
        nonlocal calls
        calls += name == operation
        return answer if name == operation and number in (0, calls) else None

    account.before = elsewhere
    try:
        done = verify(account, "-kin-use-ten or success-at-the-end")
    finally:
        account.before = lambda name, request: None
        account.plane.resources.by_arn.clear()
    assert done.returncode == 2, done.stdout + done.stderr
    assert sender(asked, quoted) in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr + done.stdout
    assert " broken on live" not in done.stdout
    assert calls >= number


@contextmanager
def saying(banner: bytes) -> Iterator[str]:
    """Serve a fixed reply to every connection; yield the URL."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(banner)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("provision", [True, False], ids=["STS", "PutItems"])
@pytest.mark.parametrize(
    "banner",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"+OK POP3 ready\r\n", b"\x15\x03\x01\x00\x02\x02\x16\r\n"],
)
def test_another_protocol_is_named(banner: bytes, provision: bool) -> None:
    options = (
        ["--provision", f"--account={ACCOUNT}"] if provision else [f"--dataset={ACTIVE}=active"]
    )
    with saying(banner) as url:
        done = run("verify", "--target=live", f"--endpoint-url={url}", *options, "-kitems-1")
    assert done.returncode == 2
    assert "network: " in done.stderr.splitlines()[-1]
    assert "does not speak HTTP" in done.stderr.splitlines()[-1]
    assert "\x15" not in done.stderr


# --- unexpected errors


def test_unexpected_error_is_reported_as_a_defect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> int:
        raise LookupError("tea\n\x1b[31m")

    monkeypatch.setattr("personalize_contract.commands.sdk.run", fail)
    done = run("sdk")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("personalize-contract: this is a defect of the tool: LookupError: tea")
    assert "cli.py:" in line
    assert "please report it" in line
    assert line.isprintable()
