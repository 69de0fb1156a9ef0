"""Strict JSON (RFC 8259): only texts that every parser understands in the same way.

`json.loads` also accepts NaN, a repeated member name, a lone surrogate, UTF-16 and a BOM. Two
parsers may read such a body differently, so here it is not JSON at all.
"""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 100
"""Nesting depth of arrays and objects (RFC 8259, section 9, lets a parser set a limit).

Python's own limit depends on the depth of the caller's stack, so a body could be JSON when it is
recorded and not when it is replayed.
"""


class NotJson(ValueError):
    """The text is not strict JSON. The message gives the reason and never quotes the text."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson("a member name is repeated in one object")
    return members


def _constant(name: str) -> float:
    raise NotJson(f"{name} is not a JSON number")


def _real(text: str) -> float | int:
    # 1.0 and 1e0 mean 1; above 2**53 a float no longer identifies one integer.
    value = float(text)
    if not math.isfinite(value):
        raise NotJson("a number is too large for a double")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


_decoder = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_real)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            member
            for container in level
            if isinstance(container, dict | list)
            for member in (container.values() if isinstance(container, dict) else container)
            if isinstance(member, dict | list)
        ]
        if not level:
            return False
    return True


def _value(text: str) -> Any:
    value, end = _decoder.raw_decode(text) if text[:1] == "{" else (None, -1)
    if end != len(text):
        # Surrounding white space, another type than an object, or junk: the slower path.
        value = _decoder.decode(text)
    # Few texts have enough brackets to be worth the walk.
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(value):
        raise NotJson("it is nested too deeply")
    return value


def loads(text: bytes | str) -> Any:
    """Parse a strict JSON text.

    Args:
        text: the text, or its UTF-8 bytes; white space around the value is allowed.

    Raises:
        NotJson: it is not JSON, is nested deeper than `MAX_DEPTH`, or parsers would disagree on it.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = _value(text)
        if "\\u" in text:
            # Only an escape can produce a lone surrogate.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except NotJson:
        raise
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start} is not UTF-8") from None
    except UnicodeEncodeError:
        raise NotJson("a string holds half of a surrogate pair") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos}") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError:  # an integer past Python's limit on digits
        raise NotJson("a number has too many digits") from None
    return value


def canonical(value: Any) -> str:
    """Return the canonical JSON text of a value: members sorted, no white space."""
    return _encode(value)
