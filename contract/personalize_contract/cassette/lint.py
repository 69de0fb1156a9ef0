"""Lint: finds problems of cassettes without replaying them.

A problem has to be fixed; a note is informative. No file is ever changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from personalize_contract.cassette import folders, loader, ownership
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError
from personalize_contract.model import contract
from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import ACCOUNT
from personalize_contract.model.exchange import Exchange, Request
from personalize_contract.model.parsed_request import violations
from personalize_contract.model.provenance import DATE, Provenance
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.privacy.secrets import ACCOUNT_ID, Secrets

_REMOVE = "remove it, and revoke it if it was real"
_REPLACE = f"replace it with {ACCOUNT}"

_AGAIN = "delete it and record it again, since an unchanged recording keeps its date"
GONE = "its test no longer exists, or no longer has the mark"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem of a file, or a note about it.

    Args:
        path: the file.
        line: the line, from 1; None if it is about the whole file.
        text: the problem and the remedy.
        is_note: whether nothing has to be fixed.
    """

    path: Path
    line: int | None
    text: str
    is_note: bool = False

    def __str__(self) -> str:
        """Return it in one line, in the form of compilers' messages."""
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return display.quoted(f"{place}: {'note: ' if self.is_note else ''}{self.text}")


class Linter:
    """Checks one file after the other, and counts them.

    Args:
        max_age: the maximum age of a recording; None for no limit.
        now: the current time.
        placeholders: values that look like secrets but are allowed.
    """

    def __init__(
        self,
        max_age: dt.timedelta | None,
        now: dt.datetime,
        placeholders: Collection[str] = (),
    ) -> None:
        self._max_age, self._now = max_age, now
        self._redactor = Redactor(placeholders=placeholders)
        self._secrets = Secrets(placeholders=placeholders)
        self._names: dict[tuple[Path, str], Path] = {}
        self.cassettes = self.exchanges = 0

    def check(self, path: Path) -> Iterator[Diagnostic]:
        """Yield the problems of a cassette, a journal or a half-written cassette."""
        if folders.is_journal(path):
            yield Diagnostic(
                path,
                None,
                "left behind by an interrupted recording; run `personalize-contract recover` on it",
            )
            return
        if folders.is_half_written(path):
            yield Diagnostic(path, None, "left behind by an interrupted recording; delete it")
            return
        self.cassettes += 1
        other = self._names.setdefault((path.parent.absolute(), ownership.folded(path)), path)
        if other.name != path.name:
            yield Diagnostic(
                path,
                None,
                f"file systems that fold case (macOS, Windows) can't tell it from {other.name}: "
                "rename one of the two tests, and delete both cassettes",
            )
        data = b""
        secret = False
        try:
            data = loader.read(path)
            cassette = loader.parse(path, data)
        except CassetteError as error:
            yield Diagnostic(path, error.line, error.reason)
        else:
            self.exchanges += len(cassette.exchanges)
            yield from self._provenance(path, cassette)
            for exchange, line in zip(cassette.exchanges, cassette.lines, strict=True):
                for kind, place in self._redactor.secrets_at(exchange):
                    secret = True
                    yield Diagnostic(path, line, _secret(kind, place))
                yield from (Diagnostic(path, line, problem) for problem in _problems(exchange))
        if not secret:
            yield from self._secrets_in_text(path, data.decode("utf-8", "replace"))

    def _secrets_in_text(self, path: Path, written: str) -> Iterator[Diagnostic]:
        """Yield the secrets in comments, unknown members and unreadable files."""
        if self._secrets.plain_in(written):
            for number, line in enumerate(written.splitlines(), start=1):
                if kind := self._secrets.plain_in(line):
                    yield Diagnostic(path, number, _secret(kind, "text"))

    def _provenance(self, path: Path, cassette: Cassette) -> Iterator[Diagnostic]:
        """Yield the problems of each distinct provenance, that of the head first."""
        lines = {cassette.provenance: 1}
        for origin, line in zip(cassette.origins, cassette.lines, strict=True):
            shared = replace(origin, recorded_for=cassette.provenance.recorded_for)
            lines.setdefault(shared, line)
        for provenance, line in lines.items():
            yield from self._origin(path, line, provenance)

    def _origin(self, path: Path, line: int, provenance: Provenance) -> Iterator[Diagnostic]:
        if provenance.answered_by == "unknown":
            note = "unknown provenance: re-record it to establish where it came from"
            yield Diagnostic(path, line, note, is_note=True)
        if self._max_age is None:
            return
        try:
            recorded = dt.datetime.strptime(provenance.recorded_at, DATE).replace(tzinfo=dt.UTC)
        except ValueError:
            yield Diagnostic(path, line, "it has no recording date; record it again")
            return
        if (age := self._now - recorded) > self._max_age:
            yield Diagnostic(path, line, f"it is {age.days} days old; {_AGAIN}")


def _secret(kind: str, place: str) -> str:
    return f"{kind} is in the {place}; {_REPLACE if kind == ACCOUNT_ID else _REMOVE}"


def _problems(exchange: Exchange) -> Iterator[str]:
    if exchange.altered:
        yield "its answer was changed after it was recorded; record it again"
    if _operation(exchange.request):
        for violation in violations(exchange):
            if violation.by == "service" and violation.clause.can_fail:
                if violation.clause.binds == "caller":
                    problem = (
                        f"accepts a request that breaks {violation.clause.id}: {violation.where}"
                    )
                else:
                    problem = f"breaks {violation.clause.id}: {violation.where}: {violation.found}"
                yield f"its answer {problem}; record it again, or correct the service that answered"


def _operation(request: Request) -> Contract | None:
    """Return the operation of a request by path and host: other services have /items too."""
    operation = contract.at(request.path)
    host = urlsplit(request.url).hostname or ""
    return operation if operation and host.startswith(operation.service) else None
