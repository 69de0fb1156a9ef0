"""The options, ini keys and mark that pytest declares at start-up. `run_settings` reads them.

Every pytest run loads this module where the package is installed, so it imports nothing expensive.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Literal

import pytest

from personalize_contract.settings import MARK, TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.plugin.baseline import Baseline

COLLECTED = pytest.StashKey[Sequence[pytest.Item]]()
"""Every test of the run's modules, deselected ones too; none if single tests were requested."""

BASELINE = pytest.StashKey["Baseline | None"]()
"""The known findings of this run."""

SKIPPED = pytest.StashKey[bool]()
"""True if a test was skipped, or failed as expected."""

DATA_KEY = "personalize_contract"
"""The key of this plugin's data in an xdist worker's output, and its attribute on a report."""


class Decision(Enum):
    """The plugin's decision on a test, where pytest's outcome of each phase doesn't count.

    xdist sends only plain values, so a report has the value as its attribute.
    """

    OPEN = "open"
    """The test has passed, but its teardown decides, since it may send the missing requests."""
    PASSED = "passed"
    FAILED = "failed"
    OF_RUN = "of run"
    """The report is of a failure of the run, which belongs to no test."""


_FIXTURES = frozenset(
    {"personalize_client", "personalize_faults", "personalize_service", "personalize_url"}
)
"""The fixtures that imply the mark."""

Kind = Literal["string", "linelist", "args"]

_MARK_USAGE = (
    f"{MARK}(violates, ignore, items_any_order, unused, redact, cassette): check the requests of "
    "this test to Amazon Personalize against their contract, and answer them from the test's "
    "cassette, or from the target that --personalize-target selects"
)

_RECORDABLE = ("reference", "live")
SELECTORS: Mapping[str, tuple[str, ...]] = {
    "target": TARGETS,
    "record": _RECORDABLE,
    "record_missing": _RECORDABLE,
    "verify": _RECORDABLE,
}
"""The options that select the target, with the targets that each of them accepts."""

_BOTH: Mapping[str, tuple[str, str]] = {
    "target": (
        "TARGET",
        "target that answers the requests of marked tests: their cassettes (`recorded`), the "
        "`reference` service in this process, or a `live` service (default: recorded)",
    ),
    "record": (
        "TARGET",
        "record the answers of `reference` or `live`, and replace the cassettes of tests that pass "
        "(default: record nothing)",
    ),
    "record_missing": (
        "TARGET",
        "replay existing cassettes, and record tests that have none from `reference` or `live` "
        "(default: such tests fail at their first request)",
    ),
    "verify": (
        "TARGET",
        "send recorded requests to `reference` or `live`, and fail tests whose answers differ from "
        "the recorded ones (default: send nothing)",
    ),
    "dataset": (
        "ARN=STATE",
        "declare a dataset or tracker as `active`, `in-use` or `missing`; may be repeated "
        "(default: none)",
    ),
    "region": ("REGION", "region of a live service (default: that of the AWS configuration)"),
    "endpoint_url": ("URL", "URL of a live service that is not AWS (default: AWS)"),
    "account": (
        "ID",
        "AWS account that a live run may write to, which must be that of the credentials "
        "(default: none)",
    ),
}
"""Options that are ini keys too, as (metavar, help)."""

_FLAGS: Mapping[str, str] = {
    "write_to_existing": (
        "let a live run write to the declared datasets, from which items can't be deleted "
        "(default: refuse)"
    ),
    "strict": "fail tests with advice on their requests (default: report the advice)",
}
"""Boolean options that are ini keys too, with their help."""

_INI: Mapping[str, tuple[Kind, str]] = {
    "cassettes": (
        "string",
        "folder of all cassettes (default: `cassettes` beside each test module)",
    ),
    "check": ("string", "tests whose requests are checked: `marked` or `all` (default: marked)"),
    "ignore": (
        "linelist",
        "members of requests that are not compared with recorded ones, such as "
        "items[].properties.createdAt, one per line (default: none)",
    ),
    "redact": (
        "linelist",
        "members of requests that are never written to cassettes, such as "
        "items[].properties.email, one per line (default: none)",
    ),
    "placeholders": (
        "linelist",
        "values that look like secrets, but may be recorded, one per line (default: none)",
    ),
    "live_ids": (
        "string",
        "ids that a live run may write: those with the prefix personalize-contract- (`prefixed`), "
        "or any (`own`) (default: prefixed)",
    ),
    "keep": (
        "args",
        "members that are recorded unchanged, not as pseudonyms: userId, sessionId (default: none)",
    ),
    "fail_on": (
        "args",
        "kinds of cassettes that fail a run: gone (without a test), stale (recorded with another "
        "service model of botocore), aged (older than personalize_max_age) (default: none)",
    ),
    "max_age": ("string", "age in days after which a cassette is aged (default: never)"),
    "contracts": (
        "string",
        "folder of your own contract files, in addition to the shipped ones (default: none)",
    ),
    "allowed_hosts": (
        "linelist",
        "hosts that marked tests may connect to, besides this machine: names or addresses, one per "
        "line (default: none)",
    ),
    "no_advice": ("linelist", "names of advice to turn off, one per line (default: none)"),
}
"""Ini keys without an option."""


def add(parser: pytest.Parser) -> None:
    """Declare the options and ini keys, in a separate group."""
    group = parser.getgroup("personalize-contract", "Amazon Personalize contract tests")
    for name, (metavar, text) in _BOTH.items():
        several = name == "dataset"
        kind: Kind = "linelist" if several else "string"
        group.addoption(
            spelled(name),
            dest=f"personalize_{name}",
            action="append" if several else "store",
            metavar=metavar,
            help=text,
        )
        parser.addini(f"personalize_{name}", text, type=kind)
    for name, text in _FLAGS.items():
        group.addoption(
            spelled(name),
            dest=f"personalize_{name}",
            action="store_true",
            help=text,
        )
        parser.addini(f"personalize_{name}", text, type="bool", default=False)
    for name, (of_kind, text) in _INI.items():
        parser.addini(f"personalize_{name}", text, type=of_kind)
    group.addoption(
        "--personalize-report",
        dest="personalize_report",
        action="append",
        metavar="FILE",
        help="write a report of findings, advice and outcomes by call site to FILE (.json, .md or "
        ".html); may be repeated (default: none)",
    )
    group.addoption(
        "--personalize-baseline",
        dest="personalize_baseline",
        metavar="FILE",
        help="read known findings from FILE (YAML: test, clause, until, why); none fails a test "
        "before its date (default: none)",
    )
    group.addoption(
        "--personalize-operation",
        dest="personalize_operation",
        metavar="NAME",
        default="PutItems",
        help="operation that the tests in personalize_contract.suite verify (default: PutItems)",
    )


def spelled(name: str) -> str:
    """Return an option as the user types it."""
    return f"--personalize-{name.replace('_', '-')}"


def on_command_line(config: pytest.Config) -> list[str]:
    """Return the options of this plugin on the command line, without accounts and ARNs."""
    words = []
    for name in (*_BOTH, *_FLAGS, "baseline"):
        value = config.getoption(f"personalize_{name}")
        values = value if isinstance(value, list) else [value] if value else []
        option = spelled(name)
        for each in values:
            words += [option] if each is True else [option, _public(name, each)]
    return words


def _public(name: str, value: str) -> str:
    """Return the value of an option, with its metavar in the place of an account."""
    if name == "dataset":
        return f"ARN={value.rpartition('=')[2]}"
    return _BOTH[name][0] if name == "account" else value


def baseline(config: pytest.Config) -> Baseline | None:
    """Return the known findings of this run; None if no file was given.

    Raises:
        UsageError: the file can't be read, or is no such table.
    """
    if not (name := config.getoption("personalize_baseline")):
        return None
    from pathlib import Path

    from personalize_contract.plugin.baseline import load

    return load(Path(name).absolute())


def reports(config: pytest.Config) -> tuple[Path, ...]:
    """Return the files of the reports of this run.

    Raises:
        UsageError: a name doesn't end in the suffix of a report, or its folder can't be written to.
    """
    if not (names := config.getoption("personalize_report")):
        return ()
    from pathlib import Path

    from personalize_contract.report import files, traffic

    paths = tuple(Path(name).absolute() for name in names)
    files.check(paths, traffic.FORMS, "--personalize-report")
    return paths


def reports_traffic(config: pytest.Config) -> bool:
    """Return whether a run notes outcomes by call site, for a report or for GitHub."""
    reports = config.getoption("personalize_report")
    return bool(reports) or os.environ.get("GITHUB_ACTIONS") == "true"


def add_mark(config: pytest.Config) -> None:
    """Declare the mark, for `pytest --markers` and `--strict-markers`."""
    config.addinivalue_line("markers", _MARK_USAGE)


def is_marked(item: pytest.Item) -> bool:
    """Return whether a test has the mark, or a fixture that implies it."""
    names = getattr(item, "fixturenames", ())
    return item.get_closest_marker(MARK) is not None or not _FIXTURES.isdisjoint(names)
