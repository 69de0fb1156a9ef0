"""The options, ini keys and mark that pytest declares at start-up, and the settings made of them.

Every pytest run loads this module where the package is installed, so it imports nothing expensive.

An option overrides its ini key. `target`, `record`, `record_missing` and `verify` are resolved
together: if any of them is on the command line, the ini keys of all four are ignored. The mark's
lists `ignore` and `redact` are added to those of the ini file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Literal

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.settings import (
    FAIL_ON,
    LIVE_IDS,
    MARK,
    TARGETS,
    Settings,
    account,
    checked,
    endpoint_url,
)

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.model.datasets import State
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
_SELECTORS: Mapping[str, tuple[str, ...]] = {
    "target": TARGETS,
    "record": _RECORDABLE,
    "record_missing": _RECORDABLE,
    "verify": _RECORDABLE,
}
"""The options that select the target, with the targets that each of them accepts."""

_CHECKS = ("marked", "all")

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


def read(config: pytest.Config) -> Settings:
    """Return the settings of this run.

    Raises:
        UsageError: an option or ini key is invalid.
    """

    def ini(name: str) -> str:
        return str(config.getini(f"personalize_{name}") or "").strip()

    def option(name: str) -> str:
        return str(config.getoption(f"personalize_{name}") or "").strip()

    def listed(name: str) -> tuple[str, ...]:
        values = config.getini(f"personalize_{name}")
        return tuple(value.strip() for value in values if value.strip())

    def value(name: str) -> str | None:
        return option(name) or ini(name) or None

    def source(name: str) -> str:
        return spelled(name) if option(name) else f"personalize_{name}"

    def on(name: str) -> bool:
        return config.getoption(f"personalize_{name}") or _is_on(config, f"personalize_{name}")

    def choice(name: str, allowed: tuple[str, ...]) -> str:
        if (value := ini(name) or allowed[0]) not in allowed:
            raise UsageError(f"personalize_{name} = {value}: it must be {' or '.join(allowed)}")
        return value

    target, selector = _target_and_selector(option, ini)

    def folder(name: str) -> Path | None:
        base = config.inipath.parent if config.inipath else config.rootpath
        return base / ini(name) if ini(name) else None

    return Settings(
        target=target,
        record=selector == "record",
        record_missing=selector == "record_missing",
        verify=selector == "verify",
        datasets=_datasets(
            [arn for arn in config.getoption("personalize_dataset") or () if arn.strip()],
            listed("dataset"),
        ),
        region=value("region"),
        endpoint_url=checked(source("endpoint_url"), endpoint_url, value("endpoint_url")),
        account=checked(source("account"), account, value("account")),
        write_to_existing=on("write_to_existing"),
        strict=on("strict"),
        cassettes=folder("cassettes"),
        fail_on=_fail_on(listed("fail_on"), ini("max_age")),
        max_age=_days(ini("max_age")),
        contracts=_contracts(folder("contracts"), config),
        ignore=_members("ignore", listed("ignore")),
        redact=_members("redact", listed("redact")),
        placeholders=listed("placeholders"),
        keep=_keep(listed("keep")),
        allowed_hosts=listed("allowed_hosts"),
        no_advice=_advice(listed("no_advice")),
        operation=option("operation") or Settings().operation,
        check=choice("check", _CHECKS),
        live_ids=choice("live_ids", LIVE_IDS),
        option_prefix="--personalize-",
    )


def _is_on(config: pytest.Config, key: str) -> bool:
    """Return whether an ini key is true; one without a value is false, though pytest refuses it."""
    try:
        return bool(config.getini(key))
    except (ValueError, pytest.UsageError) as error:  # the latter since pytest 9
        # "invalid truth value ''": the value itself can't be read without a warning.
        if str(error).endswith("''"):
            return False
        raise UsageError(f"{key}: {error}; it must be true or false") from None


def _target_and_selector(
    option: Callable[[str], str], ini: Callable[[str], str]
) -> tuple[str, str]:
    """Return the target and the option that selects it: the command line's, or the ini file's."""
    assignment: Callable[[str], str]
    for assignment, value in (
        (lambda name: f"{spelled(name)} {option(name)}", option),
        (lambda name: f"personalize_{name} = {ini(name)}", ini),
    ):
        selected = {name: target for name in _SELECTORS if (target := value(name))}
        for name, target in selected.items():
            if target not in _SELECTORS[name]:
                targets = " or ".join(_SELECTORS[name])
                raise UsageError(f"{assignment(name)}: no such target; it must be {targets}")
        target = selected.pop("target", "")
        if len(selected) > 1:
            first, second = list(selected)[:2]
            raise UsageError(f"{assignment(first)} and {assignment(second)} conflict; drop one")
        for name, answering in selected.items():
            if target not in ("", answering):
                raise UsageError(
                    f"{assignment(name)} and {assignment('target')} conflict; drop one"
                )
            return answering, name
        if target:
            return target, "target"
    return "recorded", "target"


def recorded_by_ini(config: pytest.Config) -> str:
    """Return the target that the ini file says to record; `""` if an option overrides it."""
    if any(config.getoption(f"personalize_{name}") for name in _SELECTORS):
        return ""
    return str(config.getini("personalize_record") or "").strip()


def _datasets(options: Sequence[str], ini: Sequence[str]) -> Mapping[str, State]:
    if not (options or ini):
        return {}
    from personalize_contract.model.datasets import parse

    if options:
        return checked("--personalize-dataset", parse, options)
    return checked("personalize_dataset", parse, ini)


def _members(name: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    if paths:
        from personalize_contract.model import json_path

        for path in paths:
            checked(f"personalize_{name}", json_path.path, path)
    return paths


def _contracts(folder: Path | None, config: pytest.Config) -> Path | None:
    """Read the contract files of a folder, so that a mistake in one is reported at start-up."""
    import sys

    if folder or "personalize_contract.model.contract" in sys.modules:
        from personalize_contract.model import contract, contract_files

        config.add_cleanup(partial(contract_files.use, contract_files.folder()))
        checked("personalize_contracts", contract_files.use, folder)
        contract.at("/")
    return folder


def _fail_on(names: tuple[str, ...], max_age: str) -> tuple[str, ...]:
    for name in names:
        if name not in FAIL_ON:
            raise UsageError(
                f"personalize_fail_on = {name}: it must be one of {', '.join(FAIL_ON)}"
            )
    if "aged" in names and not max_age:
        raise UsageError("personalize_fail_on = aged needs an age: personalize_max_age = DAYS")
    return names


def _days(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageError(f"personalize_max_age = {text}: it must be a number of days")
    return int(text) if text else None


def _keep(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from personalize_contract.model.contract import load, operations

        private = {path.rpartition(".")[2] for of in operations() for path in load(of).private}
        for name in names:
            if name not in private:
                raise UsageError(
                    f"personalize_keep = {name}: it must be one of {', '.join(sorted(private))}"
                )
    return names


def _advice(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from personalize_contract.model.advice import known

        for name in names:
            checked("personalize_no_advice", known, name)
    return names
