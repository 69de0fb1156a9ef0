"""Guards of a live service: they refuse to send unsafe requests.

Items can't be deleted, and the account may hold data that is in use. So a request is sent only if
every parser reads it in the same way, and if it names only allowed resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from personalize_contract.errors import UsageError
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model import failures, json_path
from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import PREFIX, TRACKER
from personalize_contract.model.exchange import Exchange, Request
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.targets.base import Target


class Guard(Protocol):
    """Decides whether a request may be sent. Thread-safe."""

    def refusal(self, request: ParsedRequest) -> str | None:
        """Return the reason that a request may not be sent, with the remedy; None if it may."""


@dataclass(frozen=True)
class WriteGuard:
    """Allows requests that put recognisable items into allowed datasets.

    It reads a request as it will be sent, and checks no clause of the contract. Eleven items are
    sent if each id can be recognised; a body that two parsers may read differently is not.

    Args:
        url: the URL of the service: scheme, host, port, and the path before that of an operation.
        datasets: the ARNs of the datasets that may be written to.
        operations: the names of the operations that may be sent.
        option: the function from the name of an option to its form in messages.
        prefix: the required prefix of every id.
        own_ids: the ARNs of the datasets that accept any ids.
        remedy_for_ids: the end of the message about an id, with the setting that would allow it.
    """

    url: str
    datasets: Collection[str]
    operations: Collection[str]
    option: Callable[[str], str]
    prefix: str = PREFIX
    own_ids: Collection[str] = ()
    remedy_for_ids: str = ""

    @property
    def _remedy(self) -> str:
        return f"record it from the reference service, with {self.option('record')} reference"

    def refusal(self, request: ParsedRequest) -> str | None:
        """Return the reason that a request may not be sent, with the remedy; None if it may."""
        return next(self._refusals(request), None)

    def _refusals(self, request: ParsedRequest) -> Iterator[str]:
        if reason := misaddressed(request, self.url):
            yield reason
            return
        operation, base = request.operation, urlsplit(self.url).path.rstrip("/")
        if (
            operation is None
            or operation.operation not in self.operations
            or (request.method, request.path) != (operation.method, base + operation.path)
        ):
            allowed = ", ".join(sorted(self.operations))
            yield (
                f"{request.method} {request.path[:80]} is not one of the operations that may be "
                f"sent to a live service: {allowed}"
            )
            return
        if reason := _misframed(request):
            yield reason
            return
        if member := _in_query(request, operation):
            yield (
                f"its query string has {member}, and a service may use it instead of the value in "
                f"the body, the only one that was checked; {self._remedy}"
            )
        if request.json_error:
            yield f"its body is not strict JSON ({request.json_error}); {self._remedy}"
            return
        body = request.json
        if not isinstance(body, dict):
            yield f"its body is not a JSON object; {self._remedy}"
            return
        yield from self._unreadable(body, operation)
        if not operation.resource or not operation.known_by:
            yield (
                f"the contract of {operation.operation} names no member for the resource "
                "(`resource`), or none for the ids by which its records are recognised "
                f"(`known_by`); {self._remedy}"
            )
            return
        name = body.get(operation.resource)
        if name is not None and name not in self.datasets:
            noun = "tracker" if operation.resource_type == TRACKER else "dataset"
            argument = "TRACKING_ID=STATE" if operation.resource_type == TRACKER else "ARN=STATE"
            yield (
                f"it names an undeclared {noun}: add {self.option('dataset')} {argument} to "
                "allow writing to it"
            )
        if name not in self.own_ids:
            yield from self._unknown_ids(body, operation)

    def _unreadable(self, body: dict[str, Any], operation: Contract) -> Iterator[str]:
        """Yield the members that another parser may read as an ARN or an id."""
        records = body.get(operation.batch, [])
        resource = operation.resource
        if resource in body and not isinstance(body[resource], str):
            yield f"its {resource} is not a string; {self._remedy}"
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            yield f"its {operation.batch} is not an array of objects; {self._remedy}"
            return
        for parent, name in _unknown_members(body, operation):
            yield (
                f"{parent or 'its body'} has the member {name[:40]!r}, which is unknown to "
                f"{operation.operation}: a service may read it as an ARN or an id; {self._remedy}"
            )

    def _unknown_ids(self, body: dict[str, Any], operation: Contract) -> Iterator[str]:
        *parents, member = json_path.steps(operation.known_by)
        owners = [("", body)]
        if parents:
            records = body.get(operation.batch, [])
            owners = [
                (f"{operation.batch}[{number}].", record) for number, record in enumerate(records)
            ]
        for at, owner in owners:
            name, path = owner.get(member), f"{at}{member}"
            if not isinstance(name, str):
                yield (
                    f"{path} is not a string with the prefix {self.prefix}, by which a record of a "
                    f"live run is recognised; {self._remedy}"
                )
            elif not name.startswith(self.prefix):
                yield (
                    f"{path} does not begin with {self.prefix}: records can't be deleted one by "
                    f"one, and the owner of the dataset must recognise them{self.remedy_for_ids}"
                )


def _unknown_members(body: Any, operation: Contract) -> Iterator[tuple[str, str]]:
    """Yield each unknown member, with the path of its parent.

    The keys inside a document are the caller's, and are skipped.
    """
    known = operation.members
    pending = [("", body)]
    while pending:
        at, value = pending.pop()
        if isinstance(value, list):
            pending += [(f"{at}[]", member) for member in value]
        elif isinstance(value, dict):
            paths = {name: f"{at}.{name}" if at else name for name in value}
            yield from ((at, name) for name, path in sorted(paths.items()) if path not in known)
            pending += [
                (path, value[name])
                for name, path in paths.items()
                if path in known and name != operation.document
            ]


def misaddressed(request: Request, url: str) -> str | None:
    """Return the reason that a request isn't addressed to the service at a URL; None if it is."""
    written, to = urlsplit(request.url), urlsplit(url)
    host = request.headers.get("host", to.netloc)
    if (written.scheme, written.netloc) != (to.scheme, to.netloc) or host.lower() != to.netloc:
        address = to.netloc.rpartition("@")[2]
        return (
            f"it is not addressed to {to.scheme}://{address}, the only service that may be written "
            "to: correct its URL or its Host header"
        )
    if not request.path.startswith(f"{to.path.rstrip('/')}/"):
        return f"its path {request.path[:80]} does not begin with {to.path}, the service's own path"
    return None


_REROUTING = ("x-amz-target", "x-http-method", "x-http-method-override", "x-method-override")


def _in_query(request: Request, operation: Contract) -> str | None:
    """Return the part of a query that names a record or its resource; None if there is none."""
    known = (operation.resource, operation.batch, operation.known_by.rpartition(".")[2])
    names = {name.lower() for name in known if name}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if names & set(re.split(r"\W+", name.lower())):
            return f"the member {name[:40]!r}"
        if "arn:" in f"{name} {value}".lower():
            return "an ARN"
    return None


def _misframed(request: Request) -> str | None:
    """Return the reason that a header may make a service read another request, or None."""
    expected = {
        "content-length": (str(len(request.body)),),
        "content-encoding": ("identity",),
        "transfer-encoding": ("chunked",),  # decoded already, and not forwarded
    }
    for name in _REROUTING:
        if name in request.headers:
            return f"its header {name} may make the service run another operation: remove it"
    for name, values in expected.items():
        if request.headers.get(name, values[0]).strip(" \t").lower() not in values:
            return f"its header {name} does not fit the body that was checked: remove it"
    return None


class Guarded:
    """A target behind a guard, a rate limiter and a retry policy.

    Args:
        inner: the target that answers.
        guard: the guard of requests.
        rate_limiter: the rate limiter of the account.
        retry_policy: the retry policy for transient failures.
    """

    def __init__(
        self, inner: Target, guard: Guard, rate_limiter: RateLimiter, retry_policy: RetryPolicy
    ) -> None:
        self._inner, self._guard = inner, guard
        self._rate_limiter, self._retry_policy = rate_limiter, retry_policy

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the exchange of a request, if the guard allows it.

        Raises:
            UsageError: the guard refuses it; nothing was sent.
        """
        if reason := self._guard.refusal(request):
            raise UsageError(f"live: this request was not sent: {reason}")
        operation = request.operation
        name = operation.operation if operation else request.path
        return self._retry_policy.run(
            name,
            lambda: self._attempt(request),
            lambda exchange: failures.in_response(exchange.response),
        )

    def _attempt(self, request: ParsedRequest) -> Exchange:
        self._rate_limiter.wait()
        return self._inner.answer(request)
