"""Lint: what is wrong with a cassette that nobody has replayed yet.

A finding has to be mended; a note is worth knowing. Nothing is ever changed.
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
from personalize_contract.model.exchange import Exchange, Request
from personalize_contract.model.parsed_request import violations
from personalize_contract.model.provenance import DATE, Provenance
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.privacy.secrets import Secrets

_TAKE_IT_OUT = "{} is in the {}; take it out, and make it void if it was real"

_AGAIN = "delete it and record it again, since what is confirmed keeps its date"
GONE = "no test plays it: its test is gone, or has no mark any more; delete it"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something about one file.

    Args:
        path: the file.
        line: where in it, from 1; None where no line applies.
        text: what it is, and what to do.
        is_note: whether nothing has to be mended.
    """

    path: Path
    line: int | None
    text: str
    is_note: bool = False

    def __str__(self) -> str:
        """One line, as compilers write them."""
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return display.quoted(f"{where}: {'note: ' if self.is_note else ''}{self.text}")


class Linter:
    """Looks at one file after the other, and counts what it has seen.

    Args:
        max_age: the age from which on a recording has to be made again; None if there is none.
        now: the time to count from.
        placeholders: values that look like secrets and are none.
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

    def look(self, path: Path) -> Iterator[Diagnostic]:
        """What is wrong with a file: a cassette, a journal, or half of a cassette."""
        if folders.is_journal(path):
            yield Diagnostic(
                path, None, "a killed recording left it; `personalize-contract recover` it"
            )
            return
        if folders.is_half_written(path):
            yield Diagnostic(path, None, "a killed recording left it; delete it")
            return
        self.cassettes += 1
        other = self._names.setdefault((path.parent.absolute(), ownership.folded(path)), path)
        if other.name != path.name:
            yield Diagnostic(
                path,
                None,
                f"its name is that of {other.name} where file systems fold case (macOS, "
                "Windows): rename one of the two tests, and delete both cassettes",
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
                    yield Diagnostic(path, line, _TAKE_IT_OUT.format(kind, place))
                yield from (Diagnostic(path, line, what) for what in _wrong(exchange))
        if not secret:
            yield from self._elsewhere(path, data.decode("utf-8", "replace"))

    def _elsewhere(self, path: Path, written: str) -> Iterator[Diagnostic]:
        """Secrets in a comment, in a member that is not read, or in a file that can't be."""
        if self._secrets.plain_in(written):
            for number, line in enumerate(written.splitlines(), start=1):
                if what := self._secrets.plain_in(line):
                    yield Diagnostic(path, number, _TAKE_IT_OUT.format(what, "text"))

    def _provenance(self, path: Path, cassette: Cassette) -> Iterator[Diagnostic]:
        """The provenances in it, each once: that of the head, then those of single exchanges."""
        lines = {cassette.provenance: 1}
        for origin, line in zip(cassette.origins, cassette.lines, strict=True):
            shared = replace(origin, recorded_for=cassette.provenance.recorded_for)
            lines.setdefault(shared, line)
        for who, line in lines.items():
            yield from self._origin(path, line, who)

    def _origin(self, path: Path, line: int, who: Provenance) -> Iterator[Diagnostic]:
        if who.answered_by == "unknown":
            what = "nobody knows who answered it, so it proves nothing; record it to know"
            yield Diagnostic(path, line, what, is_note=True)
        if self._max_age is None:
            return
        try:
            recorded = dt.datetime.strptime(who.recorded_at, DATE).replace(tzinfo=dt.UTC)
        except ValueError:
            yield Diagnostic(path, line, "it doesn't say when it was recorded; record it again")
            return
        if (age := self._now - recorded) > self._max_age:
            yield Diagnostic(path, line, f"it is {age.days} days old; {_AGAIN}")


def _wrong(exchange: Exchange) -> Iterator[str]:
    if exchange.altered:
        yield "its answer was changed after it was recorded; record it again"
    if _operation(exchange.request):
        for one in violations(exchange):
            if one.by == "service" and one.clause.can_fail:
                yield (
                    f"its answer breaks {one.clause.id}: {one.where}: {one.found}; record it "
                    "again, or correct what answered it"
                )


def _operation(request: Request) -> Contract | None:
    """The operation that an exchange is of: other services have a path /items too."""
    operation = contract.at(request.path)
    host = urlsplit(request.url).hostname or ""
    return operation if operation and host.startswith(operation.service) else None
