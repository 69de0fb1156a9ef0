"""Pseudonyms: stable stand-ins for the ids of persons and of their sessions.

Equal ids have equal stand-ins, in every cassette, so that matching and the order of a session
survive. A stand-in is no secret: whoever knows all ids can find the one that it stands for, if
slowly. What nobody may ever find out belongs into `redact`.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import pbkdf2_hmac
from typing import Any

_ROUNDS = 1000
"""To make trying all ids slow, and one id cheap: about half a millisecond."""

_LONGEST = 256
"""Characters of the longest legal id. One that is longer stays so: it breaks a clause."""

_WRITTEN = re.compile(r"(?:user|session)-[0-9a-f]{16}-*", re.ASCII)


def is_pseudonym(value: str) -> bool:
    """Whether a value stands for an id."""
    return bool(_WRITTEN.fullmatch(value))


def pseudonym(member: str, value: Any) -> Any:
    """Return what is written for the id in a member; a stand-in, or no id, stays as it is.

    Args:
        member: name of the member, as `userId`.
        value: of the JSON body; one of another type than a string gets a string's stand-in.
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
    return short.ljust(len(text), "-") if len(text) > _LONGEST else short
