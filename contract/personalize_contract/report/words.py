"""Phrases that several reports have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personalize_contract.report.view import HOLDS


def plural(status: str, number: int) -> str:
    """Return a status as the verb for a number of clauses: 1 holds, 2 hold."""
    return "hold" if status == HOLDS and number != 1 else status


def listed(words: Sequence[str]) -> str:
    """Return words as a list: `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def some(names: Sequence[str]) -> str:
    """Return the first three names of a list, and the number of the others."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def noted(notes: Mapping[str, Sequence[str]], most: int = 3) -> list[str]:
    """Return observations, each with its scenarios if there are several observations."""
    if len(notes) == 1:
        return list(notes)
    lines = [f"{note} ({some(scenarios)})" for note, scenarios in notes.items()]
    rest = len(lines) - most
    return lines[:most] + [f"and {rest} other answer{'s' if rest > 1 else ''}"] * (rest > 0)


def sent(exchange: Mapping[str, Any]) -> str:
    """Return the request of an exchange in one line: its method, path and body."""
    request = exchange["request"]
    return f"{request['method']} {request['path']} {request['body']}".strip()


def answered(exchange: Mapping[str, Any]) -> str:
    """Return the response of an exchange in one line: its status, code and body, if any."""
    response = exchange["response"]
    if not response["status"]:
        return f"no answer: {response['reason']}"
    code = response["code"] or response["reason"]
    return f"{response['status']} {code} {response['body'] or '(no body)'}"


def duration(seconds: float) -> str:
    """Return a duration in readable form: 0.012 s, 4.2 s, 6 min 5 s."""
    if seconds < 1:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
