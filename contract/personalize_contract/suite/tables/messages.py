"""Scenarios of HTTP messages, which are the same for every operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from personalize_contract.suite.expectations import Status
from personalize_contract.suite.scenario import Operation, Scenario, Wire
from personalize_contract.suite.tables.rows import SUCCESS, accepted

_HEADERS = {
    "a-retry": (
        ("amz-sdk-invocation-id", "11111111-2222-4333-8444-555555555555"),
        ("amz-sdk-request", "attempt=2; max=3"),
    ),
    "a-trace": (
        ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
        ("accept", "*/*"),
    ),
}
"""Further headers of SDKs and other clients."""


def messages(of: Operation) -> Iterator[Scenario]:
    """Yield valid messages of an operation."""
    good = of.body()
    yield Scenario("success", of.calls(1), SUCCESS)
    yield Scenario("success-body", of.calls(3), (SUCCESS[1], SUCCESS[0]))
    yield accepted("post", "request.method", of.wire(good))
    yield accepted("path", "request.path", of.wire(good))
    yield accepted("no-uri-parameters", "request.no-uri-parameters", of.wire(good))
    yield accepted("media-type", "request.media-type", of.wire(good))
    yield accepted(
        "media-type-charset",
        "request.media-type",
        of.wire(good, content_type="application/json; charset=utf-8"),
    )
    yield accepted(
        "media-type-charset-close",
        "request.media-type",
        of.wire(good, content_type="application/json;charset=UTF-8"),
    )
    for name, more in _HEADERS.items():
        yield accepted(
            f"headers-of-{name}", "response.success.status", replace(of.wire(good), more=more)
        )


def after(of: Operation, more: Mapping[str, tuple[Wire, ...]]) -> Iterator[Scenario]:
    """Yield valid messages on a reused connection.

    Args:
        of: the operation.
        more: further preceding requests, by name.
    """
    good = of.body()
    usual = {
        "success": (of.wire(good),),
        "three-more": (of.wire(good),) * 3,
        "invalid-input": (of.wire(of.body(things="[]")),),
        "malformed": (of.wire(good[:-1]),),
    }
    for name, before in {**usual, **more}.items():
        yield Scenario(
            f"success-after-{name}",
            of.wire(good),
            (("response.success.status", Status(200)), SUCCESS[1]),
            before=before,
        )
