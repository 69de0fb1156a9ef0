"""The guard of the suite's live run sends every scenario byte for byte, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from botocore.credentials import Credentials

from personalize_contract.live.guard import Guarded
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import PREFIX, State
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.suite.client import Client
from personalize_contract.suite.messages import TableGuard, messages
from personalize_contract.suite.stored import could_store
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets.connection import Connection

HOME = "arn:aws:personalize:eu-west-1:111122223333:dataset"
URLS = ["https://personalize-events.eu-west-1.amazonaws.com", "https://gateway.example/personalize"]


def arns(operation: str) -> Mapping[State, str]:
    kind = load(operation).resource_type
    states: tuple[State, ...] = ("active", "in-use", "missing")
    return {state: f"{HOME}/{state}/{kind}" for state in states}


class Kept:
    """A target that logs its requests."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Exchange:
        self.asked.append(request)
        return Exchange(request, Response(200, "OK", {}, b""), "aws")


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("operation", SCENARIOS)
def test_the_guard_sends_every_scenario(operation: str, url: str) -> None:
    datasets = arns(operation)
    client = Client(Connection(url, "eu-west-1", Credentials("key", "secret"), "aws"))
    inner, guard = Kept(), TableGuard(operation, url, datasets)
    guarded = Guarded(inner, guard, RateLimiter(None, lambda seconds: None), RetryPolicy(print))
    for scenario in SCENARIOS[operation]:
        arn = datasets[scenario.state]
        if scenario.control:
            client.send(replace(scenario, sends=scenario.control, before=()), guarded, arn)
        client.send(scenario, guarded, arn)
        expected = [
            (message.method, url.rstrip("/") + message.target, message.body)
            for message in messages(scenario, arn)
        ]
        sent = [(message.method, message.url, message.body) for message in inner.asked]
        assert sorted(sent) == sorted(expected), scenario.id
        inner.asked.clear()


@pytest.mark.parametrize("operation", SCENARIOS)
def test_near_misses_of_scenarios_are_not_sent(operation: str) -> None:
    url, datasets = URLS[0], arns(operation)
    guard = TableGuard(operation, url, datasets)
    (message, *_) = messages(SCENARIOS[operation][0], datasets["active"])
    good = Request(message.method, url + message.target, {}, message.body)
    assert guard.refusal(good) is None
    others = [
        replace(good, body=good.body + b" "),
        replace(good, body=good.body.replace(b"active", b"other")),
        replace(good, body=good.body.replace(b"contract-1", b"contract-2")),
        replace(good, method="PUT", body=good.body + b" "),
        replace(good, url=good.url + "/"),
        replace(good, url=good.url + "?tea=2"),
        replace(good, url=good.url.replace("//", "//x.")),
        replace(good, url=good.url.replace("https", "http")),
        replace(good, headers={"host": "x.example"}),
    ]
    assert [other for other in others if guard.refusal(other) is None] == []


def test_a_scenario_is_sent_only_to_the_dataset_of_its_state() -> None:
    """Otherwise a dataset provisioned for one state could get requests for another."""
    datasets = arns("PutItems")
    without: dict[State, str] = {"active": datasets["active"], "missing": datasets["missing"]}
    guard = TableGuard("PutItems", URLS[0], without)
    scenario = next(row for row in SCENARIOS["PutItems"] if row.state == "in-use")
    (message,) = messages(scenario, datasets["in-use"])
    assert guard.refusal(Request(message.method, URLS[0] + message.target, {}, message.body))


@pytest.mark.parametrize("operation", SCENARIOS)
def test_the_table_has_no_other_arns(operation: str) -> None:
    """The table has only the declared ARNs, longer ones of no type, and those of account zero."""
    datasets = arns(operation)
    for scenario in SCENARIOS[operation]:
        for message in messages(scenario, datasets[scenario.state]):
            text = message.body.decode("utf-8", "replace").replace("\\/", "/")
            assert text.count("111122223333") == text.count(datasets[scenario.state])


WITH_IDS = [name for name in SCENARIOS if load(name).identity]
"""The operations whose things are known by an id of their own."""

USUAL = {"", "p", "none", "null", "true", "false", "0", "1", "1.5", "-1", "98765432109876543210"}


@pytest.mark.parametrize("operation", WITH_IDS)
def test_every_id_that_a_lenient_service_could_store_is_listed(operation: str) -> None:
    contract = load(operation)
    names = contract.batch, contract.identity, contract.document
    known = {scenario.id: could_store(scenario, *names) for scenario in SCENARIOS[operation]}
    odd = {name for ids in known.values() for name in ids if not name.startswith(PREFIX)}

    assert {name for name in odd if name[:1] not in ("{", "[")} == USUAL
    singular = contract.identity.removesuffix("Id")
    assert known[f"{singular}-id-1"] == {"p"}
    assert known[f"{singular}-id-absent"] == {""}
    assert known[f"{singular}-id-null-last-of-two"] == {f"{PREFIX}1", "null"}
    assert (
        known["body-single-quotes"] == known["body-yaml"] == known["body-utf-16"] == {f"{PREFIX}1"}
    )
    assert known["success-after-malformed"] == {f"{PREFIX}1"}
    assert known[f"{contract.batch}-0"] == set()


@pytest.mark.parametrize("operation", WITH_IDS)
def test_a_request_without_listed_ids_has_none(operation: str) -> None:
    """Check the reader of ids: requests without ids for it have none at all."""
    contract = load(operation)
    names = contract.batch, contract.identity, contract.document
    for scenario in SCENARIOS[operation]:
        if not could_store(scenario, *names):
            for message in messages(scenario, "arn"):
                assert PREFIX.encode() not in message.body, scenario.id
