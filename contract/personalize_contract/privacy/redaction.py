"""Redaction: the headers and members of an exchange that a cassette keeps, no account or secret.

Redaction is a pure, idempotent function of a message. Matching compares redacted messages, so a
recording made in one account answers in any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from personalize_contract.errors import SecretFound
from personalize_contract.model import contract, json_path, strict_json
from personalize_contract.model.datasets import ACCOUNT, REGION
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.privacy import credentials
from personalize_contract.privacy.credentials import is_credential_header
from personalize_contract.privacy.pseudonyms import pseudonym

if TYPE_CHECKING:
    from personalize_contract.privacy.secrets import Secrets

_REQUEST_HEADERS = ("content-type", "content-encoding")
_RESPONSE_HEADERS = ("content-type", "x-amzn-errortype", "x-amzn-requestid", "retry-after")
REDACTED = "REDACTED"
_MIN_ECHO_LENGTH = 4
"""Bytes of a value that identify an echo of it; shorter matches are likely coincidence."""

_MIN_CREDENTIAL_PARAMETER = 8
"""Characters of a query parameter's value; a shorter one is no credential."""

_COLON = rb"(?::|%3[Aa])"
_FIELD = rb"[\w*?.-]*"  # in a policy, wildcards or empty
_ARN_ACCOUNT = re.compile(
    rb"(arn%(c)b%(f)b%(c)b%(f)b%(c)b%(f)b%(c)b)\d{12}(?=%(c)b)" % {b"c": _COLON, b"f": _FIELD}
)
_ACCOUNT = ACCOUNT.encode()


def mask_accounts(text: bytes) -> bytes:
    """Replace the account in each ARN by 12 fixed digits; leave everything else."""
    if b"arn" not in text:
        return text
    masked = _ARN_ACCOUNT.sub(lambda match: match[1] + _ACCOUNT, text)
    return text if masked == text else masked


class Redactor:
    """Redacts messages for writing, and finds the secrets that are left in them.

    Args:
        arns: the ARN to write for each real one.
        secrets: values that must not be written, besides this process's AWS credentials.
        paths: members of request bodies that are never written, as `items[].properties.email`.
        placeholders: values that look like secrets and may be written.
        keep: names of the members whose personal ids are written unchanged; None for all members,
            as in the suite.

    `met` holds for each of the paths whether a request has had it.
    """

    def __init__(
        self,
        arns: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        paths: Iterable[str] = (),
        placeholders: Collection[str] = (),
        keep: Collection[str] | None = (),
    ) -> None:
        ordered = sorted((arns or {}).items(), key=lambda pair: -len(pair[0]))
        pairs = [(real.encode(), dummy.encode()) for real, dummy in ordered if real != dummy]
        # An answer may name one with its account masked already.
        self._arns = list(dict.fromkeys(pairs + [(mask_accounts(r), dummy) for r, dummy in pairs]))
        self._paths = {text: json_path.path(text) for text in paths}
        self.met = dict.fromkeys(self._paths, False)
        # Those of now: a marked test sees dummies in their place.
        self._never = (*secrets, *credentials.of_this_process())
        self._placeholders = placeholders
        self._keep = keep
        accounts = {real.split(":")[4] for real in arns or () if real.count(":") >= 5} - {ACCOUNT}
        known = "|".join(
            account for account in accounts if len(account) == len(ACCOUNT) and account.isdecimal()
        )
        self._accounts = re.compile(rf"(?<!\d)(?:{known})(?!\d)".encode()) if known else None

    @cached_property
    def _secrets(self) -> Secrets:
        # A test that replays writes nothing, and needs none of it.
        from personalize_contract.privacy.secrets import Secrets

        return Secrets(self._never, self._placeholders)

    def words(self, text: str) -> str:
        """Return a text for display, without real ARNs and accounts."""
        return self._text(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _text(self, text: bytes) -> bytes:
        for real, dummy in self._arns:
            text = text.replace(real, dummy)
        masked = mask_accounts(text)
        return self._accounts.sub(_ACCOUNT, masked) if self._accounts else masked

    def _headers(self, headers: Headers, allowed: Iterable[str]) -> Headers:
        return {
            name: self._text(headers[name].encode("latin-1", "replace")).decode("latin-1")
            for name in allowed
            if name in headers
        }

    def request(self, request: Request) -> Request:
        """Return the request as it is written and matched: with dummy ARNs and a fixed host."""
        return self._request(request)[0]

    def _request(self, request: Request) -> tuple[Request, set[bytes]]:
        """Return the redacted request, and the values that were removed from it."""
        headers = dict(self._headers(request.headers, _REQUEST_HEADERS))
        if "authorization" in request.headers:
            headers["authorization"] = REDACTED
        query = f"?{request.query}" if request.query else ""
        path = self._text(f"{request.path}{query}".encode()).decode()
        url = f"https://personalize-events.{REGION}.amazonaws.com{path}"
        body, removed = self._without(request)
        return Request(request.method, url, headers, self._text(body)), removed

    def _without(self, request: Request) -> tuple[bytes, set[bytes]]:
        """Return the body without the values to redact, and those values."""
        body, operation = request.body, contract.at(request.path)
        removed: set[bytes] = set()
        private = self._private(operation) if operation else ()
        if not operation or not (self._paths or private):
            return body, removed
        try:
            value = strict_json.loads(body)
        except strict_json.NotJson:
            # The end of a member can't be told in such a body: if it may hold one, all of it goes.
            names = (path[-1].encode() for path in (*self._paths.values(), *private))
            return REDACTED.encode() if any(name in body for name in names) else body, removed
        if not isinstance(value, dict):
            return body, removed
        for path in private:
            for parent, name in json_path.each(value, path):
                replacement = pseudonym(name, parent[name])
                if replacement != parent[name]:
                    removed.update(_spelled(parent[name]))
                    parent[name] = replacement
        with_document, document = list(json_path.opened(value, operation)), operation.document
        for text, path in self._paths.items():
            for parent, name in json_path.each(value, path):
                self.met[text] = True
                removed.update(_spelled(parent[name]))
                parent[name] = REDACTED
        hidden = False
        for record in with_document:
            content = record[document]
            if isinstance(content, json_path.Opened):
                record[document] = json.dumps(content.value)
            elif any(path[-1] in content for path in self._paths.values()):
                record[document], hidden = REDACTED, True
        return json.dumps(value).encode() if removed or hidden else body, removed

    def _private(self, operation: contract.Contract) -> Sequence[json_path.Path]:
        """Return the members of an operation that identify a person and have to be replaced."""
        if self._keep is None:
            return ()
        paths = map(json_path.steps, operation.private)
        return [path for path in paths if path[-1] not in self._keep]

    def response(self, response: Response, without: Iterable[bytes] = ()) -> Response:
        """Return the response as it is written.

        Args:
            response: the response as received.
            without: values removed from the request, which the response may echo.
        """
        body = response.body
        for value in sorted(without, key=len, reverse=True):
            if len(value) >= _MIN_ECHO_LENGTH:
                body = body.replace(value, REDACTED.encode())
        return replace(
            response,
            headers=self._headers(response.headers, _RESPONSE_HEADERS),
            body=self._text(body),
        )

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return the exchange as it is written.

        Raises:
            SecretFound: the redacted exchange still holds a secret; the message names its place.
        """
        request, removed = self._request(exchange.request)
        response = self.response(exchange.response, removed)
        redacted = replace(exchange, request=request, response=response)
        for kind, place in self.secrets_at(redacted):
            raise SecretFound(
                f"{kind} is in the {place}, so nothing was written. "
                "Don't send it, or name its member in `redact`"
            )
        return redacted

    def secrets_at(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        """Yield the kind and place of each secret in an exchange."""
        texts = dict(_texts(exchange))
        # One search of all texts is much cheaper than one search of each.
        if self.secret_in("\n".join(texts.values())):
            for place, text in texts.items():
                yield from ((kind, place) for kind in self._secrets.all_in(text))
        for place, name, value in _named(exchange):
            if is_credential_header(name, value, self._secrets.placeholders) and not (
                self.secret_in(value)
            ):
                yield "a credential, by its name,", place

    def secret_in(self, text: str) -> str | None:
        """Return the kind of secret that a text holds, or None."""
        return self._secrets.found_in(text)

    def masked(self, text: str) -> str:
        """Return a text for display, without real ARNs, accounts and secrets."""
        return self._secrets.masked(self.words(text))


def _spelled(value: object) -> Iterable[bytes]:
    """Yield the forms in which a response may echo a value: plain, and as JSON."""
    if isinstance(value, json_path.Opened):
        value = value.value
    if isinstance(value, str):
        yield value.encode()
    yield json.dumps(value).encode()


def _texts(exchange: Exchange) -> Iterable[tuple[str, str]]:
    """Yield the place and content of each text in an exchange."""
    yield "request URL", exchange.request.url
    yield "request method", exchange.request.method
    yield "response reason", exchange.response.reason
    for part, message in (("request", exchange.request), ("response", exchange.response)):
        for name, value in message.headers.items():
            yield f"{part} header {name}", value
        yield f"{part} body", message.body.decode("utf-8", "replace")


def _named(exchange: Exchange) -> Iterable[tuple[str, str, str]]:
    """Yield the place, name and value of each header and query parameter of an exchange."""
    for part, message in (("request", exchange.request), ("response", exchange.response)):
        for name, value in message.headers.items():
            yield f"{part} header {name}", name, value
    if query := exchange.request.query:
        for name, value in parse_qsl(query):
            if len(value) >= _MIN_CREDENTIAL_PARAMETER:
                yield f"request URL, parameter {name[:40]}", name, value
