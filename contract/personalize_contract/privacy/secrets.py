"""What must not be written: the credentials of this process, and what has the shape of a secret.

A text is searched as it is and as its escapes mean it, however often it was escaped: a secret in
the JSON text inside a JSON text is a secret too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from personalize_contract.model.datasets import ACCOUNT


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret that is known by how it looks.

    Args:
        kind: in words.
        hints: texts of which one is in every such secret; looking for them costs nothing.
        pattern: what it looks like.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


def _shape(kind: str, pattern: str, *hints: str) -> Shape:
    return Shape(kind, hints, re.compile(pattern))


SHAPES = (
    _shape(
        "an AWS access key id",
        r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
        "AKIA",
        "ASIA",
    ),
    _shape(
        "an AWS secret key",
        r"(?i:secret_?access_?key)\W{1,30}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
        *("SecretAccessKey", "secretAccessKey", "secret_access_key", "SECRET_ACCESS_KEY"),
    ),
    _shape(
        "an AWS session token",
        r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9/+=]{40}",
        "IQoJb3JpZ2lu",
        "FwoGZXIvYXdz",
    ),
    _shape(
        "a SigV4 signature",
        r"AWS4-HMAC-SHA256 Credential=|X-Amz-Signature=[0-9a-f]{64}",
        "AWS4-HMAC-SHA256",
        "X-Amz-Signature=",
    ),
    _shape(
        "an account id in an ARN",
        rf"arn:[a-z\d-]+:[a-z\d-]+:[a-z\d-]*:(?!{ACCOUNT})\d{{12}}:",
        "arn:",
    ),
    _shape("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "PRIVATE KEY-----"),
    _shape(
        "a GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})",
        *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ),
    _shape("a GitLab token", r"\bglpat-[\w-]{20}", "glpat-"),
    _shape("a Slack token", r"\bxox[abprs]-[\w-]{10,}", "xox"),
    _shape("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{20,}", "k_live_"),
    _shape("a Google API key", r"\bAIza[\w-]{35}", "AIza"),
    _shape("a JSON web token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}", ".eyJ"),
    _shape("a bearer token", r"\bBearer [\w.~+/-]{20,}", "Bearer "),
    _shape("a password in a URL", r"://[^/\s:@]+:[^/\s:@]+@", "://"),
)

_OWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_SHORTEST = 8
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_HIDING = re.compile(r"\\(?:u[0-9a-fA-F]{4}|/)")
"""An escape that can stand for a character of a secret; the others are quotes and white space."""

_DEEPEST = 4


class Secrets:
    """Finds secrets. Any thread may ask it.

    Args:
        more: values that must not be written, beside this process's own AWS credentials.
    """

    def __init__(self, more: Iterable[str] = ()) -> None:
        own = {*more, *(os.environ.get(name, "") for name in _OWN)}
        # Shorter ones, and the dummy ones that every test signs with, would be found everywhere.
        kept = {s for s in own if len(s) >= _SHORTEST and not s.startswith("personalize-contract")}
        self._own = set(kept)
        for _ in range(_DEEPEST):
            # With its quotes and backslashes escaped, once and again.
            kept = {json.dumps(secret)[1:-1] for secret in kept}
            self._own |= kept

    def found_in(self, text: str) -> str | None:
        """What kind of secret a text holds, as it is or escaped; None if it holds none."""
        return next((found for one in _readings(text) if (found := self.plain_in(one))), None)

    def plain_in(self, text: str) -> str | None:
        """As `found_in`, for a text without escapes."""
        if any(secret in text for secret in self._own):
            return "a credential of this process"
        for shape in SHAPES:
            if any(hint in text for hint in shape.hints) and shape.pattern.search(text):
                return shape.kind
        return None


def _readings(text: str) -> Iterator[str]:
    """A text, and what it may mean to somebody who reads escapes."""
    yield text
    if "\0" in text:
        yield text.replace("\0", "")  # UTF-16, mostly
    if "%" in text:
        yield unquote(text)
    for _ in range(_DEEPEST):
        if not _HIDING.search(text):
            return
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
        yield text
