"""What may be written: headers by allow-list, account ids masked, and nothing that looks secret.

Redaction is a pure function of a message, and doing it twice changes nothing. Matching sees
redacted messages on both sides, so a recording made in one account answers in any other.
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
from personalize_contract.privacy.credentials import is_credential_header
from personalize_contract.privacy.pseudonyms import pseudonym

if TYPE_CHECKING:
    from personalize_contract.privacy.secrets import Secrets

_REQUEST_HEADERS = ("content-type", "content-encoding")
_RESPONSE_HEADERS = ("content-type", "x-amzn-errortype", "x-amzn-requestid", "retry-after")
REDACTED = "REDACTED"
_TELLING = 4
"""Bytes from which on a value in an answer is one that was sent, and there by no chance."""

_SHORTEST_PARAMETER = 8
"""Characters of a query parameter below which it names something, and is no credential."""

_COLON = rb"(?::|%3[Aa])"
_FIELD = rb"[\w*?.-]*"  # a policy's may be wildcards, or empty
_ARN_ACCOUNT = re.compile(
    rb"(arn%(c)b%(f)b%(c)b%(f)b%(c)b%(f)b%(c)b)\d{12}(?=%(c)b)" % {b"c": _COLON, b"f": _FIELD}
)
_ACCOUNT = ACCOUNT.encode()


def mask_accounts(text: bytes) -> bytes:
    """Put 12 fixed digits in the account field of each ARN; nothing else is touched."""
    if b"arn" not in text:
        return text
    masked = _ARN_ACCOUNT.sub(lambda found: found[1] + _ACCOUNT, text)
    return text if masked == text else masked


class Redactor:
    """Makes messages fit to be written, and finds what is not.

    Args:
        arns: real ARN to the ARN to write instead, longest first where one begins another.
        secrets: values that must not be written, beside this process's own AWS credentials.
        paths: members of request bodies that are never written, as `items[].properties.email`.
        placeholders: values that look like secrets and may be written.
        keep: names of the members whose ids of persons are written as they are; None for all of
            them, as for what the suite sends.

    `met` says of each path whether a request had it until now.
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
        self._arns = [(real.encode(), dummy.encode()) for real, dummy in ordered if real != dummy]
        self._paths = {text: json_path.path(text) for text in paths}
        self.met = dict.fromkeys(self._paths, False)
        self._never, self._placeholders = tuple(secrets), placeholders
        self._keep = keep
        accounts = {real.split(":")[4] for real in arns or () if real.count(":") >= 5} - {ACCOUNT}
        known = "|".join(one for one in accounts if len(one) == len(ACCOUNT) and one.isdecimal())
        self._accounts = re.compile(rf"(?<!\d)(?:{known})(?!\d)".encode()) if known else None

    @cached_property
    def _secrets(self) -> Secrets:
        # A test that replays writes nothing, and needs none of it.
        from personalize_contract.privacy.secrets import Secrets

        return Secrets(self._never, self._placeholders)

    def words(self, text: str) -> str:
        """A text without real ARNs and accounts, for people."""
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
        """The request as it is written and matched: dummy ARNs, and no host of anybody."""
        return self._request(request)[0]

    def _request(self, request: Request) -> tuple[Request, set[bytes]]:
        """The request as it is written, and the values that were taken out of it."""
        kept = dict(self._headers(request.headers, _REQUEST_HEADERS))
        if "authorization" in request.headers:
            kept["authorization"] = REDACTED
        query = f"?{request.query}" if request.query else ""
        path = self._text(f"{request.path}{query}".encode()).decode()
        url = f"https://personalize-events.{REGION}.amazonaws.com{path}"
        body, taken = self._without(request)
        return Request(request.method, url, kept, self._text(body)), taken

    def _without(self, request: Request) -> tuple[bytes, set[bytes]]:
        """The body in which the values of the members to redact are gone, and those values."""
        body, operation = request.body, contract.at(request.path)
        taken: set[bytes] = set()
        private = self._private(operation) if operation else ()
        if not operation or not (self._paths or private):
            return body, taken
        try:
            value = strict_json.loads(body)
        except strict_json.NotJson:
            # Where its members end can't be known: if it may hold one, nothing of it is kept.
            names = (path[-1].encode() for path in (*self._paths.values(), *private))
            return REDACTED.encode() if any(name in body for name in names) else body, taken
        if not isinstance(value, dict):
            return body, taken
        for path in private:
            for parent, name in json_path.each(value, path):
                stand_in = pseudonym(name, parent[name])
                if stand_in != parent[name]:
                    taken.update(_spelled(parent[name]))
                    parent[name] = stand_in
        with_document, document = list(json_path.opened(value, operation)), operation.document
        for text, path in self._paths.items():
            for parent, name in json_path.each(value, path):
                self.met[text] = True
                taken.update(_spelled(parent[name]))
                parent[name] = REDACTED
        hidden = False
        for one in with_document:
            held = one[document]
            if isinstance(held, json_path.Opened):
                one[document] = json.dumps(held.value)
            elif any(path[-1] in held for path in self._paths.values()):
                one[document], hidden = REDACTED, True
        return json.dumps(value).encode() if taken or hidden else body, taken

    def _private(self, operation: contract.Contract) -> Sequence[json_path.Path]:
        """The members of an operation that name a person and are not kept."""
        if self._keep is None:
            return ()
        paths = map(json_path.steps, operation.private)
        return [path for path in paths if path[-1] not in self._keep]

    def response(self, response: Response, without: Iterable[bytes] = ()) -> Response:
        """The response as it is written.

        Args:
            response: as it came.
            without: values of the request that it may repeat, and that are not written.
        """
        body = response.body
        for value in sorted(without, key=len, reverse=True):
            if len(value) >= _TELLING:
                body = body.replace(value, REDACTED.encode())
        return replace(
            response,
            headers=self._headers(response.headers, _RESPONSE_HEADERS),
            body=self._text(body),
        )

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange as it is written.

        Raises:
            SecretFound: what is left holds a secret. The message says where, never what.
        """
        request, taken = self._request(exchange.request)
        response = self.response(exchange.response, taken)
        redacted = replace(exchange, request=request, response=response)
        for kind, place in self.secrets_at(redacted):
            raise SecretFound(
                f"{kind} is in the {place}, so nothing was written. "
                "Take it out of what is sent, or name its member in `redact`"
            )
        return redacted

    def secrets_at(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        """Yield what kind of secret an exchange holds, and where, for each of them."""
        texts = dict(_texts(exchange))
        # Once through all of them is much cheaper than once through each.
        if self.secret_in("\n".join(texts.values())):
            for place, text in texts.items():
                yield from ((kind, place) for kind in self._secrets.all_in(text))
        for place, name, value in _named(exchange):
            if is_credential_header(name, value, self._secrets.placeholders) and not (
                self.secret_in(value)
            ):
                yield "a credential, by its name,", place

    def secret_in(self, text: str) -> str | None:
        """What kind of secret a text holds, or None."""
        return self._secrets.found_in(text)

    def masked(self, text: str) -> str:
        """Return a text for people, without real ARNs, accounts and secrets."""
        return self._secrets.masked(self.words(text))


def _spelled(value: object) -> Iterable[bytes]:
    """How an answer may repeat a value: as it is, and as JSON writes it."""
    if isinstance(value, json_path.Opened):
        value = value.value
    if isinstance(value, str):
        yield value.encode()
    yield json.dumps(value).encode()


def _texts(exchange: Exchange) -> Iterable[tuple[str, str]]:
    """Each text of an exchange with its place."""
    yield "request URL", exchange.request.url
    yield "request method", exchange.request.method
    yield "response reason", exchange.response.reason
    for part, message in (("request", exchange.request), ("response", exchange.response)):
        for name, value in message.headers.items():
            yield f"{part} header {name}", value
        yield f"{part} body", message.body.decode("utf-8", "replace")


def _named(exchange: Exchange) -> Iterable[tuple[str, str, str]]:
    """Each header and query parameter of an exchange: its place, name and value."""
    for part, message in (("request", exchange.request), ("response", exchange.response)):
        for name, value in message.headers.items():
            yield f"{part} header {name}", name, value
    if query := exchange.request.query:
        for name, value in parse_qsl(query):
            if len(value) >= _SHORTEST_PARAMETER:
                yield f"request URL, parameter {name[:40]}", name, value
