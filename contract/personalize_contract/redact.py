"""What may be written: headers by allow-list, account ids masked, and nothing that looks secret.

Redaction is a pure function of a message, and doing it twice changes nothing. Matching sees
redacted messages on both sides, so a recording made in one account answers in any other.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from personalize_contract import contract, members, strictjson
from personalize_contract.datasets import ACCOUNT, REGION
from personalize_contract.errors import SecretFound
from personalize_contract.exchange import Exchange, Headers, Request, Response

_REQUEST_HEADERS = ("content-type", "content-encoding")
_RESPONSE_HEADERS = ("content-type", "x-amzn-errortype", "x-amzn-requestid", "retry-after")
REDACTED = "REDACTED"

_ARN_ACCOUNT = re.compile(rb"(arn:[a-z\d-]+:[a-z\d-]+:[a-z\d-]*:)\d{12}(?=:)")
_ACCOUNT = ACCOUNT.encode()

_SHAPES: Mapping[str, re.Pattern[str]] = {
    "an AWS access key id": re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}"),
    "a GitLab token": re.compile(r"\bglpat-[\w-]{20}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[\w-]{10,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a SigV4 signature": re.compile(r"AWS4-HMAC-SHA256 Credential="),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@"),
}
_OWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def mask_accounts(text: bytes) -> bytes:
    """Put 12 fixed digits in the account field of each ARN; nothing else is touched."""
    return _ARN_ACCOUNT.sub(lambda found: found[1] + _ACCOUNT, text) if b"arn:" in text else text


class Redactor:
    """Makes messages fit to be written, and finds what is not.

    Args:
        arns: real ARN to the ARN to write instead, longest first where one begins another.
        secrets: values that must not be written, beside this process's own AWS credentials.
        paths: members of request bodies that are never written, as `items[].properties.email`.
    """

    def __init__(
        self,
        arns: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        paths: Iterable[str] = (),
    ) -> None:
        ordered = sorted((arns or {}).items(), key=lambda pair: -len(pair[0]))
        self._arns = [(real.encode(), dummy.encode()) for real, dummy in ordered if real != dummy]
        self._paths = [members.path(text) for text in paths]
        own = [*secrets, *(os.environ.get(name, "") for name in _OWN)]
        # Shorter ones, and the dummy ones that every test signs with, would be found everywhere.
        self._secrets = [s for s in own if len(s) >= 8 and not s.startswith("personalize-contract")]

    def _text(self, text: bytes) -> bytes:
        for real, dummy in self._arns:
            text = text.replace(real, dummy)
        return mask_accounts(text)

    def _headers(self, headers: Headers, allowed: Iterable[str]) -> Headers:
        return {
            name: self._text(headers[name].encode("latin-1", "replace")).decode("latin-1")
            for name in allowed
            if name in headers
        }

    def request(self, request: Request) -> Request:
        """The request as it is written and matched: dummy ARNs, and no host of anybody."""
        kept = dict(self._headers(request.headers, _REQUEST_HEADERS))
        if "authorization" in request.headers:
            kept["authorization"] = REDACTED
        query = f"?{request.query}" if request.query else ""
        path = self._text(f"{request.path}{query}".encode()).decode()
        url = f"https://personalize-events.{REGION}.amazonaws.com{path}"
        return Request(request.method, url, kept, self._text(self._without(request)))

    def _without(self, request: Request) -> bytes:
        """The body, in which the values of the members to redact are gone."""
        body, operation = request.body, contract.at(request.path)
        if not self._paths or not operation:
            return body
        try:
            value = strictjson.loads(body)
        except strictjson.NotJson:
            # Where its members end can't be known: if it may hold one, nothing of it is kept.
            names = (path[-1].encode() for path in self._paths)
            return REDACTED.encode() if any(name in body for name in names) else body
        if not isinstance(value, dict):
            return body
        with_document, document = list(members.opened(value, operation)), operation.document
        found = [place for path in self._paths for place in members.each(value, path)]
        for parent, name in found:
            parent[name] = REDACTED
        hidden = False
        for one in with_document:
            held = one[document]
            if isinstance(held, members.Opened):
                one[document] = json.dumps(held.value)
            elif any(path[-1] in held for path in self._paths):
                one[document], hidden = REDACTED, True
        return json.dumps(value).encode() if found or hidden else body

    def response(self, response: Response) -> Response:
        """The response as it is written."""
        return replace(
            response,
            headers=self._headers(response.headers, _RESPONSE_HEADERS),
            body=self._text(response.body),
        )

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange as it is written.

        Raises:
            SecretFound: what is left holds a secret. The message says where, never what.
        """
        redacted = replace(
            exchange,
            request=self.request(exchange.request),
            response=self.response(exchange.response),
        )
        for where, text in _texts(redacted):
            if what := self.secret_in(text):
                raise SecretFound(
                    f"{what} is in the {where}, so nothing was written. "
                    "Take it out of what is sent, or name its member in `redact`"
                )
        return redacted

    def secret_in(self, text: str) -> str | None:
        """What kind of secret a decoded text holds, or None."""
        for secret in self._secrets:
            if secret in text:
                return "a credential of this process"
        for kind, shape in _SHAPES.items():
            if shape.search(text):
                return kind
        return None


def _texts(exchange: Exchange) -> Iterable[tuple[str, str]]:
    """Each text of an exchange with its place, bodies also as their JSON escapes mean them."""
    for part, message in (("request", exchange.request), ("response", exchange.response)):
        for name, value in message.headers.items():
            yield f"{part} header {name}", value
        body = message.body.decode("utf-8", "replace")
        yield f"{part} body", body
        if "\\" in body:
            try:
                yield f"{part} body", json.dumps(_unfolded(json.loads(body)), ensure_ascii=False)
            except (ValueError, RecursionError):
                continue
    yield "request URL", exchange.request.url


def _unfolded(value: object) -> object:
    """A JSON value in which strings that hold JSON texts are those texts' values."""
    if isinstance(value, dict):
        return {key: _unfolded(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unfolded(member) for member in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _unfolded(json.loads(value))
        except ValueError:
            return value
    return value
