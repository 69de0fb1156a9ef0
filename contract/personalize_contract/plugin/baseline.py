"""The baseline: known findings, each of which fails no test until a date.

A table in YAML, so that a finding can wait for its repair without a mark in the test:

    - test: tests/test_shop.py::test_import
      clause: request.items.max-members
      until: 2027-01-31
      why: the import is split into batches in release 7
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from personalize_contract import clock
from personalize_contract.errors import CassetteError, CassetteMissing, UsageError
from personalize_contract.privacy import display

if TYPE_CHECKING:
    import pytest

    from personalize_contract.plugin.summary import Tally

KEYS = ("test", "clause", "until", "why")

_MAX_BYTES = 1024 * 1024


class KnownFinding(NamedTuple):
    """An entry of the baseline.

    Args:
        test: the node id.
        clause: the id of the broken clause.
        until: the last day on which it fails no test.
        why: the reason, for people.
        place: `file:line` of the entry.
    """

    test: str
    clause: str
    until: dt.date
    why: str
    place: str

    @property
    def is_expired(self) -> bool:
        """True if its last day is over, in UTC."""
        return clock.now().date() > self.until

    @property
    def remedy(self) -> str:
        """The line that an expired entry adds to its finding."""
        return (
            f"  baseline:  {self.place} expired on {self.until}: fix this and remove the entry, "
            "or give it a later `until`"
        )


class Baseline:
    """The known findings of a run.

    Args:
        findings: all entries.
    """

    def __init__(self, findings: Iterable[KnownFinding]) -> None:
        self._findings = tuple(findings)

    def of(self, test: str) -> Mapping[str, KnownFinding]:
        """Return the known findings of a test, by clause."""
        return {each.clause: each for each in self._findings if each.test == test}

    def note_collected(self, tally: Tally, items: Iterable[pytest.Item]) -> None:
        """Note the entries whose findings should occur in this run, of modules collected whole.

        Args:
            tally: the tally of the run.
            items: all tests of those modules.
        """
        modules = {item.nodeid.partition("::")[0] for item in items}
        root = next((item.config.rootpath for item in items), Path())
        for each in self._findings:
            module = each.test.partition("::")[0]
            if module in modules or (modules and not (root / module).exists()):
                tally["expected", each.place] = 1

    def note_unmatched(self, tally: Tally) -> None:
        """Note the entries that matched nothing, at the end of a run that was not cut short."""
        matched = {key[1] for key in tally if key[0] == "known"}
        for each in self._findings:
            if ("expected", each.place) in tally and each.place not in matched:
                tally["unmatched", f"{each.place}: {each.test}, {each.clause}"] = 1


def load(path: Path) -> Baseline:
    """Read a baseline file.

    Raises:
        UsageError: it is not such a table; the message has the line.
    """
    return Baseline(_findings(path))


def _findings(path: Path) -> Iterator[KnownFinding]:
    import yaml

    try:
        table = yaml.compose(_text(path), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        _refuse(path, mark, f"it is not YAML: {str(error).splitlines()[0]}")
    if table is None:
        return
    if not isinstance(table, yaml.SequenceNode):
        _refuse(
            path, table.start_mark, f"it must be a list of entries with the keys {', '.join(KEYS)}"
        )
    seen: dict[tuple[str, str], str] = {}
    for entry in table.value:
        finding = _finding(path, entry)
        key = finding.test, finding.clause
        if key in seen:
            _refuse(
                path, entry.start_mark, f"the same test and clause as in {seen[key]}; remove one"
            )
        seen[key] = finding.place
        yield finding


def _text(path: Path) -> str:
    from personalize_contract.cassette import files

    try:
        with files.reading(path) as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            _refuse(path, None, f"it is larger than {_MAX_BYTES >> 20} MiB")
        return data.decode("utf-8")
    except CassetteMissing:
        _refuse(path, None, "there is no such file")
    except CassetteError as error:
        _refuse(path, None, error.reason)
    except UnicodeDecodeError:
        _refuse(path, None, "it is not UTF-8")


def _finding(path: Path, entry: Any) -> KnownFinding:
    import yaml

    from personalize_contract.model.contract import known

    if not isinstance(entry, yaml.MappingNode):
        _refuse(path, entry.start_mark, f"an entry must have the keys {', '.join(KEYS)}")
    values: dict[str, str] = {}
    lines: dict[str, Any] = {}
    for key, value in entry.value:
        if key.value not in KEYS:
            _refuse(path, key.start_mark, f"unknown key {key.value!r}; use {', '.join(KEYS)}")
        if key.value in values:
            _refuse(path, key.start_mark, f"`{key.value}` is given twice")
        if not isinstance(value, yaml.ScalarNode) or not value.value.strip():
            _refuse(path, value.start_mark, f"`{key.value}` must be a string")
        values[key.value], lines[key.value] = value.value.strip(), value.start_mark
    if missing := [key for key in KEYS if key not in values]:
        _refuse(path, entry.start_mark, f"`{missing[0]}` is missing")
    if "::" not in values["test"]:
        _refuse(path, lines["test"], "`test` must be a node id, such as test_shop.py::test_it")
    try:
        known(values["clause"])
    except UsageError as error:
        _refuse(path, lines["clause"], str(error))
    try:
        until = dt.date.fromisoformat(values["until"])
    except ValueError:
        _refuse(path, lines["until"], "`until` must be a date, such as 2027-01-31")
    place = f"{display.path(path)}:{entry.start_mark.line + 1}"
    return KnownFinding(values["test"], values["clause"], until, values["why"], place)


def _refuse(path: Path, mark: Any, problem: str) -> NoReturn:
    line = f":{mark.line + 1}" if mark else ""
    raise UsageError(f"--personalize-baseline {display.path(path)}{line}: {problem}")
