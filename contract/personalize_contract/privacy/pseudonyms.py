"""Pseudonyms: stable replacements for the ids of persons and of their sessions.

Equal ids have equal pseudonyms, in every cassette, so that matching and the order of a session
survive. They hide an id only from people who don't know it: anybody with a list of all ids can
find the one behind a pseudonym, if slowly. Use `redact` for members that must stay secret.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import pbkdf2_hmac
from typing import Any

_ROUNDS = 1000
"""Makes trying all ids slow, while one id takes about half a millisecond."""

_MAX_ID_LENGTH = 256
"""Characters of the longest valid id. A longer one stays longer, since it breaks a clause."""

_WRITTEN = re.compile(r"(?:user|session)-[0-9a-f]{16}-*", re.ASCII)


def is_pseudonym(value: str) -> bool:
    """Return whether a value is a pseudonym already."""
    return bool(_WRITTEN.fullmatch(value))


def pseudonym(member: str, value: Any) -> Any:
    """Return the pseudonym of an id; pseudonyms, null and `""` are returned unchanged.

    Args:
        member: the name of the member, as `userId`.
        value: its value; one that is not a string gets a string as pseudonym.
    """
    if value is None or value == "":
        return value
    if isinstance(value, str):
        return value if is_pseudonym(value) else _pseudonym(member, value)
    return _pseudonym(member, json.dumps([value]))  # 5 is not "5"


@lru_cache(maxsize=4096)
def _pseudonym(member: str, text: str) -> str:
    digest = pbkdf2_hmac("sha256", text.encode(), b"personalize-contract", _ROUNDS, 8).hex()
    short = f"{member.removesuffix('Id').lower()}-{digest}"
    return short.ljust(len(text), "-") if len(text) > _MAX_ID_LENGTH else short
