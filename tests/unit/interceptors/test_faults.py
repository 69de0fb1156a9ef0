"""`fail_next`: in this process a client sees the same failure as on a real wire."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import botocore.exceptions
import pytest
import requests

from helpers.clients import AWS, HTTP, SDKS, Put, body, client, config
from helpers.command import ACTIVE, IN_USE, MISSING
from personalize_contract.errors import UsageError
from personalize_contract.interceptors import aws_hosts
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.interceptors.install import of_http, of_sdks
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import Service
from personalize_contract.plugin.session import Session

CLIENTS = {**SDKS, **HTTP}
IN_PROCESS = [*SDKS, "requests"]


def opened(service: Service, name: str) -> AbstractContextManager[None]:
    session = Session(service.target, Mark())
    if name in SDKS:
        return of_sdks(session, DUMMY_IDENTITY)
    return of_http(session, aws_hosts.ours(service.urls), in_process=True)


def outcome(call: Callable[[], int]) -> object:
    """Return the result of a call, or the class of its exception."""
    try:
        return call()
    except Exception as error:
        return type(error)


# The effect of each fault on each client library, over HTTP. `stored` as documented.
LOST = {
    "timeout": False,
    "reset": False,
    "truncate": True,
}
# Long enough for a request to reach the service on a busy machine.
READ_TIMEOUTS = {"timeout": 1.0}


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_fault_in_process_equals_the_fault_on_the_wire(
    service: Service, name: str, fault: str
) -> None:
    put = CLIENTS[name]
    timeout = READ_TIMEOUTS.get(fault, 10.0)
    service.fail_next(fault)
    on_the_wire = outcome(lambda: put(service.url, "wire", timeout=timeout))
    with opened(service, name):
        service.fail_next(fault)
        in_process = outcome(lambda: put(AWS, "process", timeout=timeout))

    assert isinstance(on_the_wire, type)
    assert issubclass(on_the_wire, Exception)
    assert in_process == on_the_wire
    assert [exchange.response.status for exchange in service.exchanges] == [0, 0]
    assert {exchange.response.reason for exchange in service.exchanges} == {fault}
    assert list(service.items(ACTIVE)) == (["process", "wire"] if LOST[fault] else [])


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("name", CLIENTS)
def test_over_http_no_client_accepts_a_fault_as_a_response(
    service: Service, name: str, fault: str
) -> None:
    service.fail_next(fault)
    timeout = READ_TIMEOUTS.get(fault, 10.0)
    failed = outcome(lambda: CLIENTS[name](service.url, "tea", timeout=timeout))

    assert isinstance(failed, type), f"{name} took it for {failed}"
    assert CLIENTS[name](service.url, "coffee") == 200


def test_each_client_library_raises_its_own_error(service: Service) -> None:
    errors = {}
    for fault in LOST:
        for name in IN_PROCESS:
            with opened(service, name):
                service.fail_next(fault)
                errors[name, fault] = outcome(partial(CLIENTS[name], AWS, "tea"))

    closed, late = (
        botocore.exceptions.ConnectionClosedError,
        botocore.exceptions.ReadTimeoutError,
    )
    assert errors == {
        ("botocore", "timeout"): late,
        ("botocore", "reset"): closed,
        ("botocore", "truncate"): closed,
        ("aiobotocore", "timeout"): late,
        ("aiobotocore", "reset"): botocore.exceptions.EndpointConnectionError,
        ("aiobotocore", "truncate"): closed,
        ("requests", "timeout"): requests.exceptions.ReadTimeout,
        ("requests", "reset"): requests.exceptions.ConnectionError,
        ("requests", "truncate"): requests.exceptions.ChunkedEncodingError,
    }


@pytest.mark.parametrize("name", IN_PROCESS)
@pytest.mark.parametrize("way", ["process", "wire"])
def test_a_slow_response_is_delayed(service: Service, name: str, way: str) -> None:
    url = AWS if way == "process" else service.url
    with opened(service, name) if way == "process" else contextlib.nullcontext():
        service.fail_next(slow=0.3)
        began = time.monotonic()
        status = CLIENTS[name](url, "tea")

    assert status == 200
    assert time.monotonic() - began >= 0.3
    assert list(service.items(ACTIVE)) == ["tea"]


@pytest.mark.parametrize("name", IN_PROCESS)
@pytest.mark.parametrize("way", ["process", "wire"])
def test_a_client_times_out_but_its_items_are_stored(service: Service, name: str, way: str) -> None:
    url = AWS if way == "process" else service.url
    with opened(service, name) if way == "process" else contextlib.nullcontext():
        service.fail_next(slow=2.0)
        failed = outcome(lambda: CLIENTS[name](url, "tea", timeout=0.5))

    assert failed in (botocore.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout)
    assert list(service.items(ACTIVE)) == ["tea"]


CODES = {
    "InvalidInputException": 400,
    "ResourceNotFoundException": 404,
    "ResourceInUseException": 409,
    "ThrottlingException": 400,
    "AccessDeniedException": 403,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
}


@pytest.mark.parametrize(("code", "status"), CODES.items())
def test_an_error_code_has_its_status_and_is_parsed_by_the_sdk(
    service: Service, code: str, status: int
) -> None:
    service.fail_next(code)
    with opened(service, "botocore"), pytest.raises(botocore.exceptions.ClientError) as caught:
        client().put_items(**body("tea"))

    answer: Any = caught.value.response
    assert answer["Error"] == {"Code": code, "Message": "injected by fail_next"}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert service.items(ACTIVE) == {}


def test_documented_codes_raise_the_clients_own_exceptions(service: Service) -> None:
    sdk = client()
    service.fail_next("ResourceInUseException")
    with opened(service, "botocore"), pytest.raises(sdk.exceptions.ResourceInUseException):
        sdk.put_items(**body("tea"))


@pytest.mark.parametrize("name", IN_PROCESS)
@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_a_status_is_returned_without_a_code(service: Service, name: str, status: int) -> None:
    put: Put = CLIENTS[name]
    service.fail_next(status)
    with opened(service, name):
        if name == "requests":
            assert put(AWS, "tea") == status
        else:
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                put(AWS, "tea")
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_failures_are_injected_in_order_as_often_as_set(service: Service) -> None:
    service.fail_next(500, times=2)
    service.fail_next("reset")
    with opened(service, "botocore"):
        for _ in range(4):
            outcome(lambda: client().put_items(**body("tea")))

    assert [exchange.response.status for exchange in service.exchanges] == [500, 500, 0, 200]


def test_a_retrying_client_succeeds_after_the_faults(service: Service) -> None:
    service.fail_next(503, times=2)
    with opened(service, "botocore"):
        client(config=config(attempts=3)).put_items(**body("tea"))

    assert [exchange.response.status for exchange in service.exchanges] == [503, 503, 200]


def test_a_dataset_can_change_its_state(service: Service) -> None:
    sdk = client()
    with opened(service, "botocore"):
        sdk.put_items(**body("tea"))
        service.set_state(ACTIVE, "in-use")
        with pytest.raises(sdk.exceptions.ResourceInUseException):
            sdk.put_items(**body("coffee"))
        service.set_state(ACTIVE, "active")
        sdk.put_items(**body("cocoa"))

    assert set(service.items(ACTIVE)) == {"tea", "cocoa"}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (lambda service: service.fail_next(), "needs one fault"),
        (lambda service: service.fail_next(500, slow=1), "needs one fault"),
        (lambda service: service.fail_next(200), "from 400 to 599"),
        (lambda service: service.fail_next(slow=-1), "seconds"),
        (lambda service: service.fail_next("Throttling"), "did you mean ThrottlingException?"),
        (lambda service: service.fail_next("time-out"), "did you mean timeout?"),
        (lambda service: service.fail_next("slow"), "slow=seconds"),
        (lambda service: service.fail_next(500, times=0), "at least 1"),
        (lambda service: service.fail_next(500, times="2"), "times='2'"),
        (lambda service: service.fail_next(slow="2"), "slow='2'"),
        (lambda service: service.fail_next(slow=float("nan")), "slow=nan"),
        (lambda service: service.fail_next(slow=float("inf")), "slow=inf"),
        (lambda service: service.items(ACTIVE.replace("active", "atcive")), "there is no dataset"),
        (lambda service: service.set_state(ACTIVE, "gone"), "active, in-use, missing"),
        (lambda service: service.add_dataset("tea"), "is not a Personalize ARN"),
    ],
)
def test_unknown_faults_and_datasets_are_usage_errors(
    service: Service, wrong: Callable[[Service], None], problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        wrong(service)

    assert problem in str(caught.value)


def test_a_failing_assertion_shows_the_exchanges(service: Service) -> None:
    service.fail_next("ThrottlingException")
    service.fail_next("reset")
    with opened(service, "requests"):
        for arn in (ACTIVE, ACTIVE, ACTIVE, IN_USE, MISSING):
            json = {**body("a"), "datasetArn": arn}
            with contextlib.suppress(requests.ConnectionError):
                requests.post(f"{AWS}/items", json=json, timeout=5)

    assert [repr(exchange) for exchange in service.exchanges] == [
        "<POST /items of 138 bytes: 400 ThrottlingException>",
        "<POST /items of 138 bytes: no answer (reset)>",
        "<POST /items of 138 bytes: 200 OK>",
        "<POST /items of 138 bytes: 409 ResourceInUseException>",
        "<POST /items of 139 bytes: 404 ResourceNotFoundException>",
    ]
