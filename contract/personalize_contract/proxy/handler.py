"""Handles the requests of `serve`: each is checked, answered by a target, and reported.

Each broken clause of a request or its response, each piece of advice and each request without an
answer is reported in a line as it happens. At the end a summary adds them up.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator

from personalize_contract.errors import PersonalizeContractError
from personalize_contract.feedback import call_site
from personalize_contract.feedback.adviser import Adviser
from personalize_contract.model.checker import Violation, checker
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.interruption import FAULT, Interrupted
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.service import core, error_response
from personalize_contract.targets.base import Target

Notify = Callable[[str], None]
"""A thread-safe callback for lines of progress."""


class Handler:
    """Handles requests. Thread-safe.

    Args:
        target: the target that answers them.
        notify: the callback for problems, as they happen.
        redactor: the redactor of reported texts.
        only_known: whether requests without a contract are rejected.
    """

    def __init__(
        self, target: Target, notify: Notify, redactor: Redactor, *, only_known: bool
    ) -> None:
        self._target, self._notify, self._redactor = target, notify, redactor
        self._only_known = only_known
        self._adviser = Adviser()
        self._lock = threading.Lock()
        self.answered: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.advice: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def respond(self, request: Request) -> Response:
        """Return the response to a request."""
        parsed = parse(request)
        if self._only_known and not parsed.operation:
            return self._refused(parsed)
        self._check(parsed)
        try:
            exchange = self._target.answer(parsed)
        except Interrupted as interruption:
            if interruption.late:
                self._answered(parsed, interruption.late)
            raise
        except PersonalizeContractError as error:
            self._note(self.failed, type(error).__name__, f"failed: {error}")
            return error_response.of(error)
        self._answered(parsed, exchange)
        return exchange.response

    def _refused(self, request: ParsedRequest) -> Response:
        path = display.line(f"{request.method} {request.path}", self._redactor)
        sentence = f"{path} belongs to no operation with a contract, so it was not sent"
        self._note(self.failed, "not understood", f"failed: {sentence}")
        return core.error(404, "UnknownOperationException", sentence)

    def _check(self, request: ParsedRequest) -> None:
        client = call_site.of_client(request)
        for violation in request.violations:
            self._note_violation(violation, f"the caller, {client}", request)
        for advice in self._adviser.advice(request):
            row = advice.row
            words = f"advice: {row.name}: {row.wrong} (at {advice.where}). {row.instead}"
            self._note(self.advice, row.name, f"{words} [{row.source}]")

    def _answered(self, request: ParsedRequest, exchange: Exchange) -> None:
        with self._lock:
            self.answered[exchange.answered_by] += 1
        if exchange.answered_by == FAULT or not request.operation:
            return
        checks = checker(request.operation)
        for violation in checks.response(exchange.response, request.violations):
            self._note_violation(violation, f"the service, {exchange.answered_by}", request)

    def _note_violation(self, violation: Violation, by: str, request: ParsedRequest) -> None:
        clause = violation.clause
        if not clause.can_fail:
            return
        finding = display.answered(f"{violation.where}: {violation.found}", request, self._redactor)
        culprit = display.line(by, self._redactor)
        self._note(
            self.broken,
            clause.id,
            f"broken: {clause.id} by {culprit}: {finding}. {clause.statement} [{clause.source}]",
        )

    def _note(self, counter: Counter[str], name: str, line: str) -> None:
        with self._lock:
            counter[name] += 1
        self._notify(line)

    def summary(self) -> Iterator[str]:
        """Yield the lines of the summary."""
        by = self.answered
        names = [*sorted(name for name in by if name != "aws"), "aws"]
        total = by.total()
        yield (
            f"{total} {'exchange' if total == 1 else 'exchanges'} "
            f"({', '.join(f'{name} {by[name]}' for name in names)})"
        )
        for word, counter in (
            ("broken", self.broken),
            ("advice", self.advice),
            ("no answer", self.failed),
        ):
            for name, count in sorted(counter.items()):
                yield f"{word}: {name} ({count} {'request' if count == 1 else 'requests'})"

    @property
    def status(self) -> int:
        """The exit status: 1 if a clause was broken, 2 if a request got no answer, else 0."""
        return 1 if self.broken else 2 if self.failed else 0
