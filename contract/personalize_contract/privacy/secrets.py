"""Secrets that must not be written or shown: this process's credentials, and known shapes."""

from __future__ import annotations

import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from personalize_contract.model.datasets import ACCOUNT
from personalize_contract.privacy import credentials
from personalize_contract.privacy.credentials import is_credential_name, is_placeholder
from personalize_contract.privacy.readings import TooDeep, readings

ACCOUNT_ID = "an account id in an ARN"
"""The kind of the one shape that is no secret: it has to be replaced, and can't be revoked."""

_ARN_FIELD = r"[\w*?.-]*"


def _is_jwt(match: re.Match[str]) -> bool:
    """Return whether a match has the header of a JSON web token, signed or encrypted."""
    head = match["value"].partition(".")[0]
    try:
        header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and "alg" in header


def _is_basic(match: re.Match[str]) -> bool:
    """Return whether a match is the base64 of a user and a password."""
    try:
        user, colon, password = b64decode(match["value"] + "==").decode().partition(":")
    except ValueError:
        return False
    return bool(colon) and user.isprintable() and not is_placeholder(password)


_NAME = re.compile(r"[\w -]*\Z")


def _is_named(match: re.Match[str]) -> bool:
    """Return whether the whole name is that of a credential, and its value isn't a word."""
    value = match["value"]
    before = _NAME.search(match.string, max(0, match.start() - 30), match.start())
    name = (before[0] if before else "") + match["name"]
    is_password = match["name"].lower().startswith(("pass", "pwd"))
    return (
        len(value) >= (6 if is_password else 16)
        and any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
        and is_credential_name(name)
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret with a recognisable shape.

    Args:
        kind: its name in messages, as "an AWS access key id".
        hints: substrings of which every such secret has at least one, lower-case if the pattern
            ignores case; searching for them is cheap.
        pattern: its regular expression; a group `value` must not match a placeholder.
        check: a further test of a match.
        is_any_case: whether the hints are searched for in any case.
        needs: a character that every such secret has, and few texts.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    check: Callable[[re.Match[str]], bool] | None = None
    is_any_case: bool = False
    needs: str = ""


def _shape(
    kind: str,
    pattern: str,
    *hints: str,
    needs: str = "",
    check: Callable[[re.Match[str]], bool] | None = None,
) -> Shape:
    return Shape(kind, hints, re.compile(pattern), check, pattern.startswith("(?i"), needs)


SHAPES = (
    _shape(
        "an AWS access key id",
        r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
        *("AKIA", "ASIA"),
    ),
    _shape(
        "an AWS secret key",
        r"(?i:secret(?:[\W_]*access)?[\W_]*key)\W+(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        "secret",
    ),
    _shape(
        "an AWS session token",
        r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9/+=]{40,}",
        *("IQoJb3JpZ2lu", "oGZXIvYXdz"),
    ),
    _shape(
        "a SigV4 signature",
        r"(?i)AWS4-HMAC-SHA256\W+Credential\W*=\W*(?P<value>[^\s,/&]+)",
        "aws4-hmac",
    ),
    _shape("a SigV4 signature", r"(?i)X-Amz-Signature\W{1,9}[0-9a-f]{64}", "sig"),
    _shape(
        ACCOUNT_ID,
        rf"arn:{_ARN_FIELD}:{_ARN_FIELD}:{_ARN_FIELD}:(?!{ACCOUNT})\d{{12}}:",
        "arn:",
    ),
    _shape("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "PRIVATE KEY-----"),
    _shape(
        "a GitHub token",
        r"(?:\b|_)(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})",
        *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        needs="_",
    ),
    _shape("a GitLab token", r"\bglpat-[\w-]{20}", "glpat-"),
    _shape("a Slack token", r"\bxox[abeprs]-[\w-]{10,}", "xox"),
    _shape("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{20,}", "k_live_"),
    _shape("a Google API key", r"\bAIza[\w-]{35}", "AIza"),
    _shape(
        "a JSON web token",
        r"(?P<value>(?:eyJ|ewo)[\w-]{6,}(?:\.[\w-]*){2,4})",
        *("eyJ", "ewo"),  # a brace, then a quote or a line break
        check=_is_jwt,
    ),
    _shape("a bearer token", r"(?i)\bBearer[\s+]+(?P<value>[\w.~+/=-]{20,})", "bearer"),
    _shape(
        "a user and a password (Basic)",
        r"(?i)\bBasic[\s+]+(?P<value>[\w+/-]{4,})",
        "basic",
        check=_is_basic,
    ),
    _shape("a password in a URL", r"://[^/\s:@\"']*:(?P<value>[^/\s:@\"']+)@", "://"),
    _shape(
        "a value with the name of a credential",
        r"(?i)(?P<name>token|secret|pass[ _-]*w(?:or)?d|pass[ _-]*phrase|\bpwd|credentials?"
        r"|authorization|signature|\bsig"
        r"|(?:api|access|private|secret|auth|subscription|account|shared|signing|session|master)"
        r"[ _-]*key|session[ _-]*id)\d*"
        r"[\s\"'\\]*[:=>]+[\s\"'\\]*(?P<value>[\w/+=.~!@#$^*-]{6,})",
        *("token", "secret", "pass", "pwd", "credential", "authorization", "sig", "key"),
        "session",
        check=_is_named,
    ),
)

_MIN_CREDENTIAL_LENGTH = 8
OWN = "a credential of this process"
TOO_DEEP = "a text that is escaped too often to be looked through"


class Secrets:
    """Finds secrets in texts. Thread-safe.

    Args:
        more: values that must not be written, besides this process's AWS credentials.
        placeholders: values that look like secrets and are not.
    """

    def __init__(self, more: Iterable[str] = (), placeholders: Collection[str] = ()) -> None:
        own = {*more, *credentials.of_this_process()} - {*placeholders}
        # Shorter values, and the dummies that every test signs with, would match everywhere.
        self._own = {
            secret
            for secret in own
            if len(secret) >= _MIN_CREDENTIAL_LENGTH
            and not secret.startswith("personalize-contract")
        }
        self._has_quotes = any('"' in secret or "\\" in secret for secret in self._own)
        self.placeholders = frozenset(placeholders)

    def found_in(self, text: str) -> str | None:
        """Return the kind of secret that a text holds, plain or escaped, or None."""
        return next(self.all_in(text), None)

    def all_in(self, text: str) -> Iterator[str]:
        """Yield each kind of secret that a text holds, plain or escaped."""
        kinds: set[str] = set()
        try:
            for reading in readings(text, quotes=self._has_quotes):
                for kind, _, _ in self._spans(reading):
                    if kind not in kinds:
                        kinds.add(kind)
                        yield kind
        except TooDeep:
            yield TOO_DEEP

    def plain_in(self, text: str) -> str | None:
        """Return the kind of secret that a text holds unescaped, or None."""
        return next((kind for kind, _, _ in self._spans(text)), None)

    def masked(self, text: str) -> str:
        """Return a text for display, with each secret replaced by its kind.

        A secret behind an escape can't be cut out, so the whole text is then withheld.
        """
        parts: list[str] = []
        shown = 0
        spans = sorted((start, end, kind) for kind, start, end in self._spans(text))
        for start, end, kind in spans:
            if start >= shown:
                parts += [text[shown:start], f"({kind})"]
            shown = max(shown, end)
        text = "".join([*parts, text[shown:]])
        if kind_left := self.found_in(text):
            return f"(not shown: it holds {kind_left})"
        return text

    def _spans(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield kind, start and end of each unescaped secret in a text."""
        for secret in self._own:
            start = text.find(secret)
            while start >= 0:
                yield OWN, start, start + len(secret)
                start = text.find(secret, start + len(secret))
        lower = text.lower()
        for shape in SHAPES:
            haystack = lower if shape.is_any_case else text
            if shape.needs not in haystack:
                continue
            for hint in shape.hints:  # a loop costs half of `any`, in every call
                if hint in haystack:
                    break
            else:
                continue
            for match in shape.pattern.finditer(text):
                group = "value" if "value" in shape.pattern.groupindex else 0
                if self._is_secret(shape, match, match[group]):
                    yield shape.kind, *match.span(group)

    def _is_secret(self, shape: Shape, match: re.Match[str], value: str) -> bool:
        if value in self.placeholders or (shape.check and not shape.check(match)):
            return False
        return "value" not in shape.pattern.groupindex or not is_placeholder(value)
