"""The settings of a run: their names, defaults and validation, whoever gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

import pytest

from personalize_contract.errors import UsageError

if TYPE_CHECKING:
    from personalize_contract.model.datasets import State

_Value = TypeVar("_Value")
_Checked = TypeVar("_Checked")

MARK = "personalize_contract"

TARGETS = ("recorded", "reference", "live")
LIVE_IDS = ("prefixed", "own")
FAIL_ON = ("gone", "stale", "aged")


class Settings(NamedTuple):
    """The options of a run, from the command line or pytest.

    Args:
        target: the kind of target: `recorded`, `reference` or `live`.
        record: whether answers are written to cassettes.
        record_missing: whether tests without a cassette are recorded, and the others replayed.
        verify: whether answers are compared with those in the cassettes.
        datasets: the state of each declared dataset, by its real ARN, or of each tracker by its id.
        region: the region of the live service; None for the SDK's default.
        endpoint_url: the URL of a live service that is not AWS.
        account: the id of the account that a live run may write to.
        write_to_existing: whether a live run may write to datasets that it did not provision.
        live_ids: the ids that a live run may write: `prefixed` ones, or the repo's `own`.
        strict: whether advice fails a test.
        cassettes: the folder of cassettes; None for one beside each test module.
        ignore: members that are not compared when a recorded exchange is looked up.
        redact: members that are never written.
        placeholders: values that look like secrets and may be written.
        keep: members whose personal ids are written unchanged, as `userId`.
        fail_on: kinds of cassettes that fail a run: `gone`, `stale`, `aged`.
        max_age: the days after which a cassette is aged; None if none ever is.
        contracts: a folder with the repo's own contract files.
        allowed_hosts: hosts that a marked test may connect to, besides this machine.
        no_advice: names of the pieces of advice to leave out.
        operation: the operation that the suite verifies.
        check: the tests whose requests are checked: `marked` or `all`.
        option_prefix: the prefix of options in messages: `--` for `verify`, `--personalize-` for
            pytest.
    """

    target: str = "recorded"
    record: bool = False
    record_missing: bool = False
    verify: bool = False
    datasets: Mapping[str, State] = {}
    region: str | None = None
    endpoint_url: str | None = None
    account: str | None = None
    write_to_existing: bool = False
    live_ids: str = "prefixed"
    strict: bool = False
    cassettes: Path | None = None
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    max_age: int | None = None
    contracts: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    no_advice: tuple[str, ...] = ()
    operation: str = "PutItems"
    check: str = "marked"
    option_prefix: str = "--"

    def option(self, name: str) -> str:
        """Return an option as the user types it, for messages."""
        return f"{self.option_prefix}{name}"


KEY = pytest.StashKey[Settings]()
"""Stash key of the settings of a pytest run.

The plugin builds them from options and ini file; `verify` hands over those of its arguments.
"""


def checked(source: str, check: Callable[[_Value], _Checked], value: _Value) -> _Checked:
    """Return the checked value of an option, ini key or mark argument, which an error names.

    Args:
        source: the option, ini key or argument, as the user writes it.
        check: the function from the value to the checked one; raises `UsageError`.
        value: the value.
    """
    try:
        return check(value)
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from None


def endpoint_url(text: str | None) -> str | None:
    """Return the URL of an endpoint unchanged.

    Raises:
        UsageError: it is not an HTTP URL.
    """
    try:
        parts = urlsplit(text or "http://none")
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise UsageError(f"{text!r} is not an HTTP URL; write one such as http://127.0.0.1:8000")
    return text


def account(text: str | None) -> str | None:
    """Return an account id unchanged.

    Raises:
        UsageError: it is not 12 digits. The message does not repeat the value.
    """
    if text and not (len(text) == 12 and text.isascii() and text.isdigit()):
        raise UsageError("the value is not an account id; write its 12 digits")
    return text
