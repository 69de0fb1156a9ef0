"""`--personalize-verify` and `personalize_verify`: a replay held against a service."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from helpers.command import ACTIVE, IN_USE, MISSING
from helpers.endpoint import listening
from helpers.shop import Shop, text
from personalize_contract.model.exchange import Request, Response

ALL = [f"{ACTIVE}=active", f"{IN_USE}=in-use", f"{MISSING}=missing"]

TABLE = """
import functools, re
client = functools.cache(client)

@pytest.mark.personalize_contract
@pytest.mark.parametrize("state", ["active", "in_use", "missing"])
@pytest.mark.parametrize("name", {names})
def test_it(name, state, personalize_dataset):
    arn, items = getattr(personalize_dataset, state), [{{"itemId": name}}]
    try:
        client().put_items(datasetArn=arn, items=items)
        assert state == "active"
    except botocore.exceptions.ClientError as error:
        assert state != "active", error
        assert re.match("Resource", error.response["Error"]["Code"])
"""

Change = Callable[[Response], Response]
CHANGED, BROKEN = "changed, contract holds", "contract broken"
ENVIRONMENT, NOT_REACHED = "environment", "not reached"


def unchanged(answer: Response) -> Response:
    return answer


def status(number: int) -> Change:
    return lambda answer: replace(answer, status=number)


def header(name: str, value: str) -> Change:
    return lambda answer: replace(answer, headers={**answer.headers, name: value})


def error(number: int, code: str) -> Change:
    kind = {"content-type": "application/json", "x-amzn-errortype": code}
    return lambda answer: Response(number, "", kind, b'{"message": "no"}')


def page(number: int) -> Change:
    html = b"<!doctype html><title>Log in</title>"
    return lambda answer: Response(number, "", {"content-type": "text/html"}, html)


def reworded(answer: Response) -> Response:
    body = answer.body and json.dumps({"message": "in other words"}).encode()
    return replace(answer, body=body)


def bare(answer: Response) -> Response:
    kept_headers = ("content-type", "x-amzn-errortype")
    return replace(
        answer,
        headers={name: answer.headers[name] for name in kept_headers if name in answer.headers},
    )


CHANGES: dict[str, tuple[Change, tuple[str, str, str]]] = {
    # The class of the changed answer in each state: active, in use, missing.
    "nothing": (unchanged, ("", "", "")),
    "a header more": (header("x-more", "1"), ("", "", "")),
    "another date": (header("date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("", "", "")),
    "another request id": (header("x-amzn-requestid", "another"), ("", "", "")),
    "no request id": (bare, ("", "", "")),
    "another media type": (header("content-type", "application/x-amz-json-1.1"), ("", "", "")),
    "other words": (reworded, ("", "", "")),
    "created": (status(201), (BROKEN, BROKEN, BROKEN)),
    "a body": (
        lambda answer: replace(answer, body=answer.body or b"{}"),
        (BROKEN, "", ""),
    ),
    "a member more": (
        lambda answer: replace(answer, body=b'{"message": "m", "hint": "h"}'),
        (BROKEN, CHANGED, CHANGED),
    ),
    "another refusal": (error(400, "LimitExceededException"), (CHANGED, CHANGED, CHANGED)),
    "a failure": (error(500, "InternalFailure"), (BROKEN, BROKEN, BROKEN)),
    "a code of another status": (error(400, "ResourceInUseException"), (BROKEN, BROKEN, BROKEN)),
    "in use": (error(409, "ResourceInUseException"), (CHANGED, "", NOT_REACHED)),
    "active": (lambda _: Response(200, "OK", {}, b""), ("", NOT_REACHED, NOT_REACHED)),
    "expired": (error(403, "ExpiredTokenException"), (ENVIRONMENT,) * 3),
    "throttled": (error(400, "ThrottlingException"), (ENVIRONMENT,) * 3),
    "a portal": (page(200), (ENVIRONMENT,) * 3),
    "a gateway": (page(502), (ENVIRONMENT,) * 3),
    "overloaded": (lambda _: Response(503, "", {}, b""), (ENVIRONMENT,) * 3),
}

OUTCOMES = {"": "PASSED", CHANGED: "FAILED", BROKEN: "FAILED", ENVIRONMENT: "ERROR"}


@contextmanager
def nights(changes: dict[str, Change]) -> Iterator[str]:
    """The URL of a service that changes the answer to an item by the item's id."""

    def change(request: Request, answer: Response) -> Response:
        (item,) = json.loads(request.body)["items"]
        return changes[item["itemId"]](answer)

    with listening(change) as url:
        yield url


def verify(shop: Shop, url: str, *arguments: str, datasets: list[str] = ALL) -> pytest.RunResult:
    declared = [f"--personalize-dataset={dataset}" for dataset in datasets]
    return shop.run(
        "--personalize-verify=live", f"--personalize-endpoint-url={url}", *declared, *arguments
    )


def test_each_difference_has_its_class(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    names = [name.replace(" ", "-") for name in CHANGES]
    changes = {name: change for name, (change, _) in zip(names, CHANGES.values(), strict=True)}
    shop.tests(TABLE.format(names=names))
    shop.record().assert_outcomes(passed=3 * len(names))
    with nights(changes) as url:
        result = verify(shop, url, "-vv", "-rs")

    outcome_by_test = dict(
        re.findall(r"test_it\[(\S+)\] (PASSED|FAILED|ERROR|SKIPPED)", text(result))
    )
    outcomes = {**OUTCOMES, NOT_REACHED: "SKIPPED"}
    summary = text(result).partition("= personalize-contract =")[2]
    blocks = re.findall(r"^(.+): \d+ tests?\n((?:  .+\n)+)", summary, re.MULTILINE)
    classes = {
        test: verdict
        for verdict, lines in blocks
        for test in re.findall(r"test_it\[(\S+?)\]:", lines)
    }
    for name, (_, verdicts) in zip(names, CHANGES.values(), strict=True):
        for state, verdict in zip(("active", "in_use", "missing"), verdicts, strict=True):
            test = f"{name}-{state}"
            assert (outcome_by_test[test], classes.get(test, "")) == (outcomes[verdict], verdict), (
                test
            )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


SWALLOWS = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset):
    try:
        client().put_items(datasetArn=personalize_dataset.in_use, items=[{"itemId": "tea-0"}])
    except botocore.exceptions.ClientError:
        pass
"""


@pytest.mark.parametrize(
    ("change", "counted", "status"),
    [
        (error(400, "LimitExceededException"), {"failed": 1}, 1),
        (error(403, "ExpiredTokenException"), {"errors": 1}, 6),
        (lambda _: Response(200, "OK", {}, b""), {"skipped": 1}, 0),
    ],
)
def test_swallowed_change_still_fails_the_test(
    shop: Shop, change: Change, counted: dict[str, int], status: int
) -> None:
    shop.tests(SWALLOWS)
    shop.record()
    with nights({"tea-0": change}) as url:
        result = verify(shop, url)
    result.assert_outcomes(**counted)
    assert result.ret == status


def test_recorded_and_live_answer_are_both_shown(shop: Shop) -> None:
    shop.tests(SWALLOWS)
    shop.record()
    with nights({"tea-0": error(400, "LimitExceededException")}) as url:
        lines = text(verify(shop, url)).splitlines()
    at = lines.index(
        "changed, contract holds: 409 ResourceInUseException was recorded, but endpoint answers "
        "400 LimitExceededException"
    )
    assert [line.split() for line in lines[at + 3 : at + 6]] == [
        ["recorded", "(reference)", "now", "(endpoint)"],
        ["!", "status", "409", "400"],
        ["!", "code", "ResourceInUseException", "LimitExceededException"],
    ]
    assert "  cassette:  cassettes/test_shop/test_it.personalize.yaml" in lines
    commands = [line for line in lines[at:] if line.startswith(("  record it:", "  repeat it:"))]
    assert commands == [
        "  record it: pytest test_shop.py::test_it --personalize-record live",
        "  repeat it: pytest test_shop.py::test_it --personalize-verify live "
        "--personalize-dataset ARN=active --personalize-dataset ARN=in-use "
        f"--personalize-dataset ARN=missing --personalize-endpoint-url {url}",
    ]


def test_recorded_throttling_is_skipped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    shop.tests(SWALLOWS)
    datasets = [f"--personalize-dataset={dataset}" for dataset in ALL]
    with nights({"tea-0": error(400, "ThrottlingException")}) as url:
        recording = shop.run(
            "--personalize-record=live", f"--personalize-endpoint-url={url}", *datasets
        )
        recording.assert_outcomes(passed=1)
        verify(shop, url).assert_outcomes(passed=1)
    with listening() as url:
        result = verify(shop, url, "-rs")
    result.assert_outcomes(skipped=1)
    assert "throttling can't be caused on purpose" in text(result)


def test_invalid_request_accepted_by_the_service_breaks_a_clause(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract(violates=["request.items.max-members"])
        def test_it():
            with pytest.raises(botocore.exceptions.ClientError):
                put(11)
        """
    )
    shop.record().assert_outcomes(passed=1)
    with listening(lambda request, answer: Response(200, "OK", {}, b"")) as url:
        result = verify(shop, url)
    result.assert_outcomes(failed=1)
    assert "  breaks:    request.items.max-members: " in text(result)
    assert "FAILED test_shop.py::test_it - contract broken: 400 InvalidInputExc" in text(result)


PUTS = """
@pytest.mark.personalize_contract{mark}
def test_it(personalize_dataset):
    {code}
"""


@pytest.mark.parametrize(
    ("mark", "code", "later", "message"),
    [
        ("", "put()", "put(3)", "no recorded exchange answers this PutItems request"),
        ("", "put(); put(3)", "put()", "1 of the 2 exchanges recorded in "),
        ('(unused="report")', "put(); put(3)", "put()", ""),
        ('(ignore=["items[].itemId"])', "put()", "put(first=7)", ""),
    ],
    ids=["a miss", "unused", "unused, reported", "ignored"],
)
def test_misses_unused_and_ignored_work_as_in_a_replay(
    shop: Shop, mark: str, code: str, later: str, message: str
) -> None:
    shop.tests(PUTS.format(mark=mark, code=code))
    shop.record()
    shop.tests(PUTS.format(mark=mark, code=later))
    sent: list[Request] = []

    def note(request: Request, answer: Response) -> Response:
        sent.append(request)
        return answer

    with listening(note) as url:
        result = verify(shop, url)
    assert message in text(result)
    assert (" verified (" in text(result)) is ("no recorded" not in message)
    assert len(sent) == ("no recorded" not in message)


def test_equal_requests_are_compared_in_their_order(shop: Shop) -> None:
    code = "put()\n    for _ in range(2):\n        try: put()\n        except Exception: pass"
    shop.tests(PUTS.format(mark="", code=code))
    answers = [unchanged, error(400, "LimitExceededException"), unchanged]

    def in_turn() -> Callable[[Request, Response], Response]:
        waiting = iter(answers)
        return lambda _, answer: next(waiting)(answer)

    with listening(in_turn()) as url:
        arguments = [f"--personalize-dataset={ACTIVE}=active", f"--personalize-endpoint-url={url}"]
        shop.run("--personalize-record=live", *arguments).assert_outcomes(passed=1)
    with listening(in_turn()) as url:
        verify(shop, url).assert_outcomes(passed=1)
    with listening() as url:
        result = verify(shop, url)
    result.assert_outcomes(failed=1)
    assert text(result).count("400 LimitExceededException was recorded, but endpoint ") > 0


def test_last_attempt_of_a_call_decides(shop: Shop) -> None:
    shop.tests(PUTS.format(mark="", code="put()"))
    shop.record()
    answers = iter([error(500, "InternalFailure"), unchanged])
    with listening(lambda _, answer: next(answers)(answer)) as url:
        verify(shop, url).assert_outcomes(passed=1)
    assert next(answers, None) is None


def test_miss_after_environment_trouble_is_not_reported(shop: Shop) -> None:
    code = """
    try:
        put(arn=personalize_dataset.in_use)
        put(3)
    except botocore.exceptions.ClientError:
        pass
    """
    shop.tests(PUTS.format(mark="", code=code.strip()))
    shop.record().assert_outcomes(passed=1)
    with listening(lambda _, answer: Response(200, "OK", {}, b"")) as url:
        verify(shop, url).assert_outcomes(skipped=1)


def test_undeclared_state_is_skipped_without_a_request(shop: Shop) -> None:
    shop.tests(SWALLOWS)
    shop.record()
    with listening(lambda *_: pytest.fail("it was asked")) as url:
        result = verify(shop, url, "-rs", datasets=[f"{ACTIVE}=active"])
    result.assert_outcomes(skipped=1)
    assert "no dataset is declared as in-use: add --personalize-dataset" in text(result)
    assert "verified" not in text(result)


NOBODY = "http://127.0.0.1:1"


def test_environment_trouble_alone_exits_with_6(shop: Shop) -> None:
    shop.tests(PUTS.format(mark="", code="put()") + "def test_fine(): pass\n")
    shop.record()
    result = verify(shop, NOBODY)
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == 6
    assert "environment: 1 test\n  test_shop.py::test_it: network: " in text(result)
    shop.tests(PUTS.format(mark="", code="put()") + "def test_wrong(): assert False\n")
    result = verify(shop, NOBODY)
    result.assert_outcomes(failed=1, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "to", [f"--personalize-endpoint-url={NOBODY}", "--personalize-region=us-east-1"]
)
def test_failed_account_check_is_environment_trouble(shop: Shop, to: str) -> None:
    shop.tests(PUTS.format(mark="", code="put()"))
    shop.record()
    result = shop.run(
        "--personalize-verify=live",
        to,
        f"--personalize-dataset={ACTIVE}=active",
        "--personalize-account=000000000000",
        "--personalize-write-to-existing",
    )
    result.assert_outcomes(errors=1)
    assert result.ret == 6
    assert re.search(
        "environment: 1 test\n  test_shop.py::test_it: (network|no credentials): ", text(result)
    )


def test_edited_recording_is_reported(shop: Shop) -> None:
    shop.tests(PUTS.format(mark="", code="put()"))
    shop.record()
    cassette = shop.cassette("test_it")
    cassette.write_text(cassette.read_text("utf-8").replace("code: 200", "code: 202"), "utf-8")
    with listening() as url:
        result = verify(shop, url)
    result.assert_outcomes(failed=1)
    assert "edited:    the recorded answer was changed by hand" in text(result)


def test_reference_service_can_verify(shop: Shop) -> None:
    shop.tests(PUTS.format(mark="", code="put()"))
    shop.record()
    result = shop.run("--personalize-verify=reference")
    result.assert_outcomes(passed=1)
    assert "1 exchange verified (reference 1, aws 0)" in text(result)


def test_ini_key_has_the_same_effect(shop: Shop) -> None:
    shop.tests(PUTS.format(mark="", code="put()"))
    shop.record()
    shop.ini("personalize_verify = reference")
    assert "1 exchange verified (reference 1" in text(shop.run())
    assert "1 exchange replayed (reference 1" in text(shop.run("--personalize-target=recorded"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--personalize-verify=recorded"], "no such target; it must be reference or live"),
        (
            ["--personalize-verify=live", "--personalize-target=reference"],
            "--personalize-verify live and --personalize-target reference conflict; drop one",
        ),
        (
            ["--personalize-verify=live", "--personalize-record=live"],
            "--personalize-record live and --personalize-verify live conflict; drop one",
        ),
    ],
)
def test_contradictory_options_are_usage_errors(
    shop: Shop, arguments: list[str], message: str
) -> None:
    shop.tests(PUTS.format(mark="", code="put()"))
    result = shop.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in text(result)


SUBTESTS = """
@pytest.mark.personalize_contract
def test_it(subtests, personalize_dataset):
    with subtests.test("one"):
        client().put_items(datasetArn=personalize_dataset.active, items=[{"itemId": "tea-0"}])
    with subtests.test("other"):
        client().put_items(datasetArn=personalize_dataset.active, items=[{"itemId": "tea-1"}])
"""


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="pytest 9 brought subtests")
def test_environment_trouble_in_a_subtest_fails_no_test(shop: Shop) -> None:
    shop.tests(SUBTESTS)
    shop.record().assert_outcomes(passed=1)
    with nights({"tea-0": error(403, "ExpiredTokenException"), "tea-1": unchanged}) as url:
        result = verify(shop, url)
    assert result.ret == 6
    assert "failed" not in result.stdout.lines[-1]


def test_failure_after_environment_trouble_is_not_a_change(shop: Shop) -> None:
    code = """
    @pytest.fixture
    def stock(personalize_dataset):
        stock = []
        yield stock
        assert stock == ["tea-0"]

    @pytest.mark.personalize_contract
    def test_it(stock, personalize_dataset):
        put(1, personalize_dataset.active)
        stock.append("tea-0")
    """
    shop.tests(code)
    shop.record().assert_outcomes(passed=1)
    with nights({"tea-0": error(403, "ExpiredTokenException")}) as url:
        result = verify(shop, url)
    result.assert_outcomes(errors=2)
    assert result.ret == 6


def test_tests_sharing_a_cassette_are_verified_separately(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract(cassette="both")
        class TestBoth:
            def test_one(self):
                put(1)

            def test_other(self):
                put(1, first=1)
        """
    )
    shop.record().assert_outcomes(passed=2)
    with nights({"tea-0": unchanged, "tea-1": error(403, "ExpiredTokenException")}) as url:
        result = verify(shop, url)
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == 6
    with nights({"tea-0": unchanged, "tea-1": error(400, "LimitExceededException")}) as url:
        result = verify(shop, url)
    result.assert_outcomes(passed=1, failed=1)
    record = "  record it: pytest test_shop.py::TestBoth --personalize-record live"
    assert record in result.stdout.lines
