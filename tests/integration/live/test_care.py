"""The rules of a live run: the right account, declared datasets, recognisable ids, a rate limit.

Each rule applies to `verify` and to a marked test. They run against the stand-in for an account.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from time import monotonic

import pytest

from helpers.command import environment, run
from helpers.shop import Shop, text
from helpers.stand_in import ACCOUNT, StandIn, short_waits
from personalize_contract.errors import UsageError
from personalize_contract.fake_account import aws_json, sts
from personalize_contract.live.guard import Guarded, WriteGuard
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model.contract import operations
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.failures import in_response
from personalize_contract.model.parsed_request import parse
from personalize_contract.service import core

DECLARED = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
OTHER = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/other/ITEMS"
STRANGER = "999999999999"


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn(step=200).served() as stand_in:
        for arn in (DECLARED, OTHER):
            stand_in.store.add_dataset(arn)
        yield stand_in


LiveRun = Callable[..., tuple[int, str]]
"""Makes a live run with options of `verify`; returns the exit status and the printed text."""

TEST = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset):
    items = [{{"itemId": "{item}", "properties": "{{}}"}}]
    client().put_items(datasetArn={dataset}, items=items)
"""


def by_verify(account: StandIn, *options: str) -> tuple[int, str]:
    with short_waits():
        done: CompletedProcess[str] = run(
            "verify",
            "--target=live",
            f"--endpoint-url={account.url}",
            "-ksuccess-at-the-end",
            *options,
            env=environment(AWS_REGION="us-east-1"),
        )
    return done.returncode, done.stderr


@pytest.fixture(params=["verify", "record", "target"])
def live_run(request: pytest.FixtureRequest, account: StandIn, shop: Shop) -> LiveRun:
    """Return a live run by `verify`, or by pytest with each option for a live service."""
    if request.param == "verify":
        return lambda *options: by_verify(account, *options)

    def by_pytest(
        *options: str, item: str = "personalize-contract-1", dataset: str = f'"{DECLARED}"'
    ) -> tuple[int, str]:
        shop.tests(TEST.format(item=item, dataset=dataset))
        result = shop.run(
            f"--personalize-{request.param}=live",
            f"--personalize-endpoint-url={account.url}",
            *(option.replace("--", "--personalize-", 1) for option in options),
        )
        return int(result.ret), text(result)

    return by_pytest


EXISTING = (f"--dataset={DECLARED}=active", "--write-to-existing")


def test_the_right_account_may_be_written_to(account: StandIn, live_run: LiveRun) -> None:
    live_run(*EXISTING, f"--account={ACCOUNT}")
    assert account.calls == ["GetCallerIdentity", "PutItems"]


def test_another_account_is_sent_nothing(account: StandIn, live_run: LiveRun) -> None:
    status, output = live_run(*EXISTING, f"--account={STRANGER}")
    assert status != 0
    assert "the credentials belong to another account than" in output
    assert "account; nothing was written: use credentials of that account" in output
    assert account.calls == ["GetCallerIdentity"]


def test_declared_dataset_is_written_to_only_with_permission(
    account: StandIn, live_run: LiveRun
) -> None:
    status, output = live_run(f"--dataset={DECLARED}=active", f"--account={ACCOUNT}")
    assert status != 0
    assert "write-to-existing" in output
    assert account.calls == []


def test_provisioning_needs_the_account_at_any_endpoint(account: StandIn) -> None:
    status, output = by_verify(account, "--provision")
    assert status == 2
    assert "--account ID" in output
    status, output = by_verify(account, "--provision", f"--account={STRANGER}")
    assert status == 2
    assert "belong to another account" in output
    assert account.calls == ["GetCallerIdentity"]


def test_provisioning_excludes_declared_datasets(account: StandIn) -> None:
    status, output = by_verify(account, "--provision", f"--account={ACCOUNT}", *EXISTING)
    assert status == 2
    assert "omit --dataset" in output
    assert account.calls == []


def test_environment_alone_does_not_make_a_run_live(account: StandIn, shop: Shop) -> None:
    """A profile and an endpoint URL in the environment are not a request for a live run."""
    shop.tests(TEST.format(item="personalize-contract-1", dataset=f'"{DECLARED}"'))
    shop.pytester.makeini("[pytest]")
    for name, value in (("AWS_ENDPOINT_URL", account.url), ("AWS_PROFILE", "shop")):
        shop.pytester._monkeypatch.setenv(name, value)
    shop.run()
    done = run("verify", "-ksuccess-at-the-end", env=environment(AWS_ENDPOINT_URL=account.url))
    assert done.returncode == 0
    assert account.calls == []


@pytest.mark.parametrize("how", ["record", "target"])
def test_item_with_an_unrecognisable_id_is_not_sent(account: StandIn, shop: Shop, how: str) -> None:
    shop.tests(TEST.format(item="tea-1", dataset=f'"{DECLARED}"'))
    result = shop.run(
        f"--personalize-{how}=live",
        f"--personalize-endpoint-url={account.url}",
        f"--personalize-account={ACCOUNT}",
        f"--personalize-dataset={DECLARED}=active",
        "--personalize-write-to-existing",
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "items[0].itemId does not begin with personalize-contract-" in text(result)
    assert account.calls == ["GetCallerIdentity"]
    assert account.store.items(DECLARED) == {}
    assert shop.cassettes() == []


def test_undeclared_dataset_of_the_account_is_not_written_to(account: StandIn, shop: Shop) -> None:
    shop.tests(TEST.format(item="personalize-contract-1", dataset=f'"{OTHER}"'))
    result = shop.run(
        "--personalize-record=live",
        f"--personalize-endpoint-url={account.url}",
        f"--personalize-account={ACCOUNT}",
        f"--personalize-dataset={DECLARED}=active",
        "--personalize-write-to-existing",
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "add --personalize-dataset ARN=STATE to allow writing to it" in text(result)
    assert "it names an undeclared dataset" in text(result)
    assert account.calls == ["GetCallerIdentity"]


def test_endpoint_without_an_account_is_not_guarded(account: StandIn) -> None:
    status, output = by_verify(account, f"--dataset={DECLARED}=active")
    assert status == 0, output
    assert account.calls == ["PutItems"]


# --- rate limit


class Time:
    """A clock that only sleeping advances."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Service:
    """A target that gives answers in order, repeats the last, and logs the times."""

    def __init__(self, time: Time, *answers: Response) -> None:
        self.time, self.answers, self.at = time, list(answers), list[float]()

    def answer(self, request: Request) -> Exchange:
        self.at.append(self.time.now)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Exchange(request, answer, "aws")


def put(item: str = "personalize-contract-1", arn: str = DECLARED) -> Request:
    body = json.dumps({"datasetArn": arn, "items": [{"itemId": item}]}).encode()
    return Request("POST", "https://service.example/items", {}, body)


OK = Response(200, "OK", {}, b"")


def guarded(
    service: Service, retry_policy: RetryPolicy, rate_limiter: RateLimiter | None = None
) -> Guarded:
    rate_limiter = rate_limiter or RateLimiter(None, service.time.sleep, lambda: service.time.now)
    return Guarded(
        service,
        WriteGuard("https://service.example", [DECLARED], operations(), "--{}".format),
        rate_limiter,
        retry_policy,
    )


def test_requests_are_sent_below_ten_a_second() -> None:
    time = Time()
    service = Service(time, OK)
    guarded_target = guarded(service, RetryPolicy(print, time.sleep, lambda: time.now))
    for _ in range(30):
        guarded_target.answer(parse(put()))
    gaps = [after - before for before, after in zip(service.at, service.at[1:], strict=False)]
    assert min(gaps) > 0.1


def test_threads_share_the_rate_limit() -> None:
    time, turns = Time(), list[float]()
    rate_limiter = RateLimiter(None, time.sleep, lambda: time.now)

    def take() -> None:
        rate_limiter.wait()
        turns.append(time.now)

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.now == pytest.approx(100 + 19 * 0.125)


# --- retries

DENIED = core.error(403, "AccessDeniedException", "not yet")
FAST = core.error(403, "ThrottlingException", "Rate exceeded")


def retrying(*answers: Response) -> tuple[Guarded, Service, RetryPolicy, list[str], Time]:
    time, notices = Time(), list[str]()
    service = Service(time, *answers)
    retry_policy = RetryPolicy(notices.append, time.sleep, lambda: time.now)
    rate_limiter = RateLimiter(None, lambda _: None, lambda: time.now)
    return guarded(service, retry_policy, rate_limiter), service, retry_policy, notices, time


@pytest.mark.parametrize(("answer", "name"), [(DENIED, "access denied"), (FAST, "throttling")])
def test_transient_failure_is_retried_and_noted(answer: Response, name: str) -> None:
    guarded_target, service, retry_policy, notices, _ = retrying(answer, answer, OK)
    assert guarded_target.answer(parse(put())).response is OK
    assert len(service.at) == 3
    assert retry_policy.notes == [f"PutItems: {name} passed after 3 s"]
    assert notices[0] == f"PutItems: {name}; trying again in 1 s, for 120 s at most"


@pytest.mark.parametrize(("answer", "name"), [(DENIED, "access denied"), (FAST, "throttling")])
def test_lasting_failure_is_retried_for_two_minutes_in_all(answer: Response, name: str) -> None:
    guarded_target, _, retry_policy, _, time = retrying(answer)
    began = time.now
    assert guarded_target.answer(parse(put())).response is answer
    assert time.now - began == 120
    assert retry_policy.notes == [f"PutItems: {name} did not pass in 120 s"]
    assert guarded_target.answer(parse(put())).response is answer
    assert time.now - began == 120


def test_denial_after_a_success_is_final() -> None:
    guarded_target, _, retry_policy, _, time = retrying(OK, DENIED)
    began = time.now
    guarded_target.answer(parse(put()))
    assert guarded_target.answer(parse(put())).response is DENIED
    assert time.now == began
    assert retry_policy.notes == []


@pytest.mark.parametrize(
    "answer",
    [
        core.error(400, "InvalidInputException", "no"),
        core.error(403, "MissingAuthenticationTokenException", "no"),
        Response(500, "Oh", {}, b""),
        Response(503, "Oh", {}, b""),
    ],
    ids=lambda answer: f"{answer.status}-{in_response(answer) is None}",
)
def test_other_answers_are_not_retried(answer: Response) -> None:
    guarded_target, service, _, notices, _ = retrying(answer, OK)
    assert guarded_target.answer(parse(put())).response is answer
    assert len(service.at) == 1
    assert notices == []


@pytest.mark.parametrize(
    "item", ["", "p", "personalize-contract", "personalise-contract-1", "tea-personalize-contract-"]
)
def test_id_without_the_prefix_is_refused(item: str) -> None:
    guarded_target, service, *_ = retrying(OK)
    with pytest.raises(UsageError, match="does not begin with"):
        guarded_target.answer(parse(put(item)))
    assert service.at == []


@pytest.mark.parametrize(
    "arn",
    [
        DECLARED.ljust(256, "x"),
        DECLARED.replace(ACCOUNT, STRANGER),
        "tea",
        OTHER,
        OTHER.replace("us-east-1", "eu-west-1"),
    ],
)
def test_other_datasets_are_not_written_to(arn: str) -> None:
    guarded_target, service, *_ = retrying(OK)
    with pytest.raises(UsageError, match="undeclared"):
        guarded_target.answer(parse(put(arn=arn)))
    assert service.at == []


def first(times: int, name: str, answer: Response) -> Callable[[str, object], Response | None]:
    """Answer the first calls of an operation with a response."""
    left = [times]

    def before(called: str, request: object) -> Response | None:
        if called == name and left[0]:
            left[0] -= 1
            return answer
        return None

    return before


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("PutItems", DENIED),
        ("CreateSchema", aws_json.error("AccessDeniedException", "not yet")),
        ("CreateDataset", aws_json.error("ThrottlingException", "Rate exceeded")),
        ("GetCallerIdentity", sts.error(400, "Throttling", "Rate exceeded")),
        ("DescribeDataset", Response(500, "Oh", {}, b"")),
    ],
)
def test_transient_failure_does_not_end_a_night(
    account: StandIn, call: str, answer: Response, tmp_path: Path
) -> None:
    account.before = first(1, call, answer)
    status, output = by_verify(account, "--provision", f"--account={ACCOUNT}")
    assert status == 0, output
    assert f"{call}: " in output
    assert "; trying again in 1 s, for 120 s at most" in output
    assert re.search(r"passed after \d+ s", output)
    assert account.left() == []


def test_report_shows_the_waits_beside_the_answer(account: StandIn, tmp_path: Path) -> None:
    account.before = first(1, "PutItems", DENIED)
    shown = tmp_path / "report.json"
    by_verify(account, *EXISTING, f"--account={ACCOUNT}", f"--report={shown}")
    exchanges = [
        exchange
        for clause in json.loads(shown.read_text())["clauses"]
        for exchange in clause["targets"]["live"]["exchanges"]
    ]
    assert exchanges
    ((note,),) = {tuple(exchange["notes"]) for exchange in exchanges}
    assert re.fullmatch(r"PutItems: access denied passed after \d+ s", note)


def test_pytest_summary_shows_the_waits(account: StandIn, shop: Shop) -> None:
    account.before = first(1, "PutItems", DENIED)
    shop.tests(TEST.format(item="personalize-contract-1", dataset=f'"{DECLARED}"'))
    result = shop.run(
        "--personalize-record=live",
        f"--personalize-endpoint-url={account.url}",
        f"--personalize-account={ACCOUNT}",
        f"--personalize-dataset={DECLARED}=active",
        "--personalize-write-to-existing",
    )
    result.assert_outcomes(passed=1)
    assert re.search(r"waited: PutItems: access denied passed after \d+ s", text(result))


def test_xdist_workers_share_the_rate_limit(account: StandIn, shop: Shop) -> None:
    """Check a lower bound on the time, which no load can break."""
    at: list[float] = []
    account.after = lambda name: at.append(monotonic()) if name == "PutItems" else None
    shop.tests(
        f"""
        @pytest.mark.personalize_contract
        @pytest.mark.parametrize("number", range(24))
        def test_it(number):
            items = [{{"itemId": "personalize-contract-1"}}]
            client().put_items(datasetArn="{DECLARED}", items=items)
        """
    )
    result = shop.run(
        "-pxdist.plugin",
        "-n2",
        "--personalize-target=live",
        f"--personalize-endpoint-url={account.url}",
        f"--personalize-account={ACCOUNT}",
        f"--personalize-dataset={DECLARED}=active",
        "--personalize-write-to-existing",
    )
    result.assert_outcomes(passed=24)
    assert len(at) == 24
    assert (len(at) - 1) / (max(at) - min(at)) < 10
