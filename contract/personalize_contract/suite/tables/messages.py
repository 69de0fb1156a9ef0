"""Scenarios of HTTP messages, which are the same for every operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from personalize_contract.suite.expectations import Status
from personalize_contract.suite.scenario import Operation, RawRequest, Scenario
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


def messages(operation: Operation) -> Iterator[Scenario]:
    """Yield valid messages of an operation."""
    good = operation.body()
    yield Scenario("success", operation.valid(1), SUCCESS)
    yield Scenario("success-body", operation.valid(3), (SUCCESS[1], SUCCESS[0]))
    yield accepted("post", "request.method", operation.raw(good))
    yield accepted("path", "request.path", operation.raw(good))
    yield accepted("no-uri-parameters", "request.no-uri-parameters", operation.raw(good))
    yield accepted("media-type", "request.media-type", operation.raw(good))
    yield accepted(
        "media-type-charset",
        "request.media-type",
        operation.raw(good, content_type="application/json; charset=utf-8"),
    )
    yield accepted(
        "media-type-charset-close",
        "request.media-type",
        operation.raw(good, content_type="application/json;charset=UTF-8"),
    )
    for name, headers in _HEADERS.items():
        yield accepted(
            f"headers-of-{name}",
            "response.success.status",
            replace(operation.raw(good), headers=headers),
        )


def after(operation: Operation, more: Mapping[str, tuple[RawRequest, ...]]) -> Iterator[Scenario]:
    """Yield valid messages on a reused connection.

    Args:
        operation: the operation.
        more: further preceding requests, by name.
    """
    good = operation.body()
    usual = {
        "success": (operation.raw(good),),
        "three-more": (operation.raw(good),) * 3,
        "invalid-input": (operation.raw(operation.body(records="[]")),),
        "malformed": (operation.raw(good[:-1]),),
    }
    for name, before in {**usual, **more}.items():
        yield Scenario(
            f"success-after-{name}",
            operation.raw(good),
            (("response.success.status", Status(200)), SUCCESS[1]),
            before=before,
        )
