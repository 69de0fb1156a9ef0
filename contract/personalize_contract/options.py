"""The options of the pytest plugin, and the settings that they come to.

Read at pytest's start-up in every repo that has this installed, so it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from personalize_contract.contract import DEFAULT
from personalize_contract.datasets import State, parse
from personalize_contract.errors import UsageError

TARGETS = ("recorded", "reference", "live")
_RECORDABLE = ("reference", "live")


@dataclass(frozen=True)
class Settings:
    """What was asked for. An option beats the ini key of the same name, which beats the default.

    Args:
        target: who answers: `recorded`, `reference` or `live`.
        record: whether the answers are written to cassettes.
        datasets: real ARN to its state, for `live`.
        region: of the live service; None for the SDK's own.
        endpoint_url: of a live service that is not AWS.
        account: the account id that `live` may write to.
        write_to_existing: whether `live` may write to the datasets given.
        cassettes: where they are, if not beside each test module.
        ignore: members that don't decide whether a recorded exchange answers.
        redact: members that are never written.
        allowed_hosts: that a marked test may connect to, beside the target and loopback.
        operation: that the suite verifies.
        check: whose requests are checked: those of `marked` tests, or `all`.
    """

    target: str = "recorded"
    record: bool = False
    datasets: Mapping[str, State] = field(default_factory=dict)
    region: str | None = None
    endpoint_url: str | None = None
    account: str | None = None
    write_to_existing: bool = False
    cassettes: Path | None = None
    ignore: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    operation: str = DEFAULT
    check: str = "marked"


def add(parser: pytest.Parser) -> None:
    """Declare the options and ini keys, in a group of their own."""
    group = parser.getgroup("personalize-contract", "Amazon Personalize contract tests")

    def both(name: str, text: str, *, several: bool = False) -> None:
        key = f"personalize_{name}"
        kind: Literal["linelist", "string"] = "linelist" if several else "string"
        metavar = "ARN=STATE" if several else name.rpartition("_")[2].upper()
        group.addoption(
            f"--personalize-{name.replace('_', '-')}",
            dest=key,
            action="append" if several else "store",
            metavar=metavar,
            help=text,
        )
        parser.addini(key, text, type=kind)

    both("target", "who answers: recorded (default), reference or live")
    both("record", "record what `reference` or `live` answers; replaces cassettes of passing tests")
    both("dataset", "a dataset and its state: active, in-use or missing", several=True)
    both("region", "live: the service's region (default: the SDK's)")
    both("endpoint_url", "live: a service that is not AWS, by URL")
    both("account", "live: the account that may be written to; must be the credentials' own")
    group.addoption(
        "--personalize-operation",
        dest="personalize_operation",
        default=DEFAULT,
        metavar="NAME",
        help="the operation that personalize_contract.suite verifies (default: PutItems)",
    )
    help_text = "live: allow writing to the datasets given (items can't be deleted there)"
    group.addoption(
        "--personalize-write-to-existing",
        dest="personalize_write_to_existing",
        action="store_true",
        default=None,
        help=help_text,
    )
    parser.addini("personalize_write_to_existing", help_text, type="bool", default=False)
    parser.addini("personalize_cassettes", "folder of the cassettes (default: beside each module)")
    parser.addini("personalize_ignore", "members that are not matched on", type="linelist")
    parser.addini("personalize_redact", "members that are never written", type="linelist")
    parser.addini(
        "personalize_allowed_hosts", "hosts that marked tests may connect to", type="linelist"
    )
    parser.addini(
        "personalize_check", "whose requests are checked: marked (tests), or all", default="marked"
    )


def read(config: pytest.Config) -> Settings:
    """The settings of this run.

    Raises:
        UsageError: an option or ini key can't be carried out as it was written.
    """

    def value(name: str) -> str | None:
        return (
            config.getoption(f"personalize_{name}") or config.getini(f"personalize_{name}") or None
        )

    target, record = value("target"), value("record")
    for asked, allowed, name in ((target, TARGETS, "target"), (record, _RECORDABLE, "record")):
        if asked and asked not in allowed:
            raise UsageError(
                f"--personalize-{name} {asked}: there is no such target; "
                f"it is one of {', '.join(allowed)}"
            )
    if record and target not in (None, record):
        raise UsageError(
            f"--personalize-record {record} asks {record} to answer, "
            f"and --personalize-target {target} somebody else; leave the target out"
        )
    datasets = config.getoption("personalize_dataset") or config.getini("personalize_dataset")
    existing = config.getoption("personalize_write_to_existing")
    if existing is None:
        existing = config.getini("personalize_write_to_existing")
    folder, check = config.getini("personalize_cassettes"), config.getini("personalize_check")
    if check not in ("marked", "all"):
        raise UsageError(f"personalize_check = {check}: it is marked or all")
    return Settings(
        target=record or target or "recorded",
        record=bool(record),
        datasets=parse(datasets or ()),
        region=value("region"),
        endpoint_url=value("endpoint_url"),
        account=value("account"),
        write_to_existing=bool(existing),
        cassettes=(config.inipath.parent if config.inipath else config.rootpath) / folder
        if folder
        else None,
        ignore=tuple(config.getini("personalize_ignore")),
        redact=tuple(config.getini("personalize_redact")),
        allowed_hosts=tuple(config.getini("personalize_allowed_hosts")),
        operation=config.getoption("personalize_operation"),
        check=check,
    )
