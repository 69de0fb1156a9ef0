"""Names of credentials, and placeholders for their values.

Both are rules, not lists of products: the last word of its name, in any spelling, makes a header,
a query parameter or a member a credential, unless its value is an obvious placeholder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container
from functools import lru_cache

from personalize_contract.privacy.pseudonyms import is_pseudonym

_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
)


def of_this_process() -> tuple[str, ...]:
    """Return the values of the environment variables that hold AWS credentials."""
    return tuple(os.environ[name] for name in _VARIABLES if os.environ.get(name))


_SEPARATORS = re.compile(r"[\W_]+")
_CREDENTIAL = re.compile(
    r"(?:authorization|cookie|passw(?:or)?d|passphrase|secret|credentials?|signature|jwt"
    r"|session(?:id)?|token|key|^sig|^pwd)\d*$"
)
_NO_CREDENTIAL = re.compile(
    # Pagination tokens, request ids, and keys that are no secret.
    r"(?:next|page|paging|pagination|continuation|cursor|sync|scroll|resume|start|marker"
    r"|client|request|clientrequest|idempotency)token$"
    r"|(?:idempotency|surrogate|cache|websocket|routing|partition|sort|primary|foreign|public"
    r"|object|row|group|item|product)key\d*$"
)

_SCHEME = re.compile(r"\s*[A-Za-z][\w-]*\s+")
_COOKIE = re.compile(r"([^=;,\s]+)\s*=\s*([^;,]*)")
_ATTRIBUTES = frozenset(("expires", "max-age", "domain", "path", "samesite", "priority"))

_PLACEHOLDER_WORDS = re.compile(
    r"(?<![a-z0-9])"
    r"(?:redacted|removed|filtered|scrubbed|sanitized|censored|masked|hidden|omitted|replaced"
    r"|stripped|deleted|obfuscated|anonymi[sz]ed|placeholder|dummy|fake|mock(?:ed)?|test(?:ing)?"
    r"|sample|example|invalid|changeme|your|my|some|foo|bar|baz|abc|xyz"
    r"|true|false|none|null|nil|undefined|unused|personalize-contract-dummy)"
    r"\d{0,4}(?![a-z0-9])"
    # AWS's own examples: AKIDEXAMPLE, wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
    r"|EXAMPLE(?:KEY|TOKEN)?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_WRAPPED = re.compile(
    r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|\$?\{[^{}]*\}|\{\{[^{}]*\}\}|\$\w+|%\w+%|__\w+__"
)
_COUNTING = re.compile(r"0?1?2?3?4?5?6?7?8?9?0?")


@lru_cache(maxsize=1024)
def is_credential_name(name: str) -> bool:
    """Return whether a name is that of a credential: `X-Api-Key`, `secret access key`, `sig`."""
    squashed = _SEPARATORS.sub("", name).lower()
    return bool(_CREDENTIAL.search(squashed)) and not _NO_CREDENTIAL.search(squashed)


def is_placeholder(value: str, placeholders: Container[str] = ()) -> bool:
    """Return whether a value is a placeholder for a credential.

    Args:
        value: the value of a header, a parameter or a member.
        placeholders: further values that are placeholders.
    """
    value = value.strip(" \t\"'")
    letters = _SEPARATORS.sub("", value).lower()
    return (
        value in placeholders
        or not letters
        or (len(letters) > 2 and len(set(letters)) == 1)  # xxxx, 0000-0000
        or bool(_WRAPPED.fullmatch(value) or _COUNTING.fullmatch(value))
        or (bool(_PLACEHOLDER_WORDS.search(value)) and not _is_random(value))
        or is_pseudonym(value)
    )


def _is_random(value: str) -> bool:
    """Return whether a part of a value is longer than a word, or mixes letters and digits."""
    return any(
        len(part) >= 20 or (len(part) >= 12 and not part.isalpha() and not part.isdigit())
        for part in _SEPARATORS.split(value)
    )


def is_credential_header(name: str, value: str, placeholders: Container[str] = ()) -> bool:
    """Return whether a header is named like a credential, and its value is no placeholder."""
    if not is_credential_name(name):
        return False
    if name.lower().rstrip("2").endswith("cookie"):
        cookies = _COOKIE.findall(value)
        values = [text for key, text in cookies if key.lower() not in _ATTRIBUTES]
        return any(not is_placeholder(text, placeholders) for text in values or [value])
    if value.lstrip().startswith("AWS4-"):
        return False  # a SigV4 signature is found by its shape, unless a placeholder made it
    without_scheme = value[scheme.end() :] if (scheme := _SCHEME.match(value)) else value
    return not any(is_placeholder(text, placeholders) for text in (value, without_scheme))
