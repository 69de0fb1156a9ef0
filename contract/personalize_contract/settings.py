"""The settings of a run: who answers, and what may be read, written and asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from personalize_contract.errors import UsageError

if TYPE_CHECKING:
    from personalize_contract.model.datasets import State

MARK = "personalize_contract"

TARGETS = ("recorded", "reference", "live")


class Settings(NamedTuple):
    """What was asked for.

    Args:
        target: who answers: `recorded`, `reference` or `live`.
        record: whether the answers are written to cassettes.
        datasets: real ARN to its state, for `live`.
        region: of the live service; None for the SDK's own.
        endpoint_url: of a live service that is not AWS.
        account: the account id that `live` may write to.
        write_to_existing: whether `live` may write to the datasets given.
        strict: whether advice fails.
        cassettes: where they are, if not beside each test module.
        ignore: members that don't decide whether a recorded exchange answers.
        redact: members that are never written.
        placeholders: values that look like secrets and may be written.
        keep: members whose ids of persons are written as they are, as `userId`.
        contracts: a folder with contract files of the repo's own.
        allowed_hosts: that a marked test may connect to, beside the target and loopback.
        no_advice: names of the advice that is not given.
        operation: that the suite verifies.
        check: whose requests are checked: those of `marked` tests, or `all`.
        option_prefix: begins the options by which the settings were given: `--` for `verify`,
            `--personalize-` for pytest.
    """

    target: str = "recorded"
    record: bool = False
    datasets: Mapping[str, State] = {}
    region: str | None = None
    endpoint_url: str | None = None
    account: str | None = None
    write_to_existing: bool = False
    strict: bool = False
    cassettes: Path | None = None
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    contracts: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    no_advice: tuple[str, ...] = ()
    operation: str = "PutItems"
    check: str = "marked"
    option_prefix: str = "--"

    def option(self, name: str) -> str:
        """Return an option as it is typed where these settings were given, for messages."""
        return f"{self.option_prefix}{name}"


KEY = pytest.StashKey[Settings]()
"""Where a pytest run keeps its settings, once its options were read."""


def endpoint_url(text: str | None) -> str | None:
    """The URL of an endpoint, as it was given.

    Raises:
        UsageError: it is not one of HTTP.
    """
    try:
        parts = urlsplit(text or "http://none")
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise UsageError(f"endpoint {text!r} is not a URL; it looks like http://127.0.0.1:8000")
    return text


def account(text: str | None) -> str | None:
    """An account id, as it was given. The message does not repeat what is not one.

    Raises:
        UsageError: it is not 12 digits.
    """
    if text and not (len(text) == 12 and text.isascii() and text.isdigit()):
        raise UsageError("the account is not an account id, which has 12 digits")
    return text
