"""The target of a run that verifies cassettes against a service.

The recorded exchange is looked up as in a replay, so misses, unused exchanges and retries are the
same. The code under test gets the service's answer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from personalize_contract.feedback import call_site
from personalize_contract.model import drift, failures, origin, rest_json
from personalize_contract.model.datasets import State, dummies
from personalize_contract.model.parsed_request import violations
from personalize_contract.model.sdk_call import call_id
from personalize_contract.plugin.session import Problem
from personalize_contract.plugin.verdicts import BROKEN, CHANGED, ENVIRONMENT, NOT_REACHED
from personalize_contract.privacy import display

if TYPE_CHECKING:
    from personalize_contract.model.checker import Violation
    from personalize_contract.model.exchange import Exchange, Request, Response
    from personalize_contract.model.parsed_request import ParsedRequest
    from personalize_contract.plugin.session import Session
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.settings import Settings
    from personalize_contract.targets.base import Target

PARTS = ("status", "code", "body")
"""The parts of an answer that an SDK passes on; the others of `drift.PARTS` are headers."""

_STATUS_OF: Mapping[int, State] = {404: "missing", 409: "in-use"}
_COLUMN = 44


class Verified:
    """Forwards recorded requests to a service, and compares its answers with the recorded ones.

    Args:
        recorded: the replay.
        service: the target that answers.
        session: the session of the test, which notes the differences.
        redactor: the redactor for answers in messages.
        cassette: the path of the cassette, for messages.
        record_command: the command that records the test again.
        repeat_command: the command that verifies this test alone.
        absent: the dummy ARN, or tracking id, of each state without a declared dataset.
    """

    def __init__(
        self,
        recorded: Target,
        service: Target,
        session: Session,
        redactor: Redactor,
        cassette: str,
        record_command: str,
        repeat_command: str,
        absent: Mapping[str, State],
    ) -> None:
        self._recorded, self._service, self._session = recorded, service, session
        self._redactor, self._absent = redactor, absent
        self._cassette = cassette
        self._record_command, self._repeat_command = record_command, repeat_command

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the service's exchange, or the recorded one if there is no dataset to ask.

        Raises:
            Miss: the request is not recorded. It is not sent.
        """
        __tracebackhide__ = True
        recorded = self._recorded.answer(request)
        operation = request.operation
        resource = request.members.get(operation.resource) if operation else None
        if isinstance(resource, str) and (state := self._absent.get(resource)):
            why = f"no dataset is declared as {state}: add --personalize-dataset ARN={state}"
            self._note(request, _problem(NOT_REACHED, f"{NOT_REACHED}: {why}", request))
            return replace(recorded, answered_by="")  # nothing was sent
        exchange = self._service.answer(request)
        self._note(request, self._difference(recorded, exchange))
        return exchange

    def _note(self, request: ParsedRequest, problem: Problem | None) -> None:
        self._session.note_verdict(call_id(request), problem)

    def _difference(self, recorded: Exchange, exchange: Exchange) -> Problem | None:
        """Return the problem of an answer that differs from the recorded one, if it does."""
        then, now = recorded.response, exchange.response
        if not any(difference.part in PARTS for difference in drift.differences(then, now)):
            return None
        summary = f"{_words(then)} was recorded, but {exchange.answered_by} answers " + (
            _words(now) if _words(now) != _words(then) else "with a different body"
        )
        if why := _environment(exchange):
            return _problem(ENVIRONMENT, f"{ENVIRONMENT}: {why}", exchange.request)
        broken = [
            violation
            for violation in violations(exchange)
            if violation.by == "service" and violation.clause.can_fail
        ]
        why = "" if broken else _not_reached(then, now)
        if why:
            return _problem(NOT_REACHED, f"{NOT_REACHED}: {summary}: {why}", exchange.request)
        verdict = BROKEN if broken else CHANGED
        text = self._text(verdict, summary, exchange, recorded, broken)
        clauses = tuple(dict.fromkeys(violation.clause.id for violation in broken))
        return replace(_problem(verdict, text, exchange.request), clauses=clauses)

    def _text(
        self,
        verdict: str,
        summary: str,
        exchange: Exchange,
        recorded: Exchange,
        broken: list[Violation],
    ) -> str:
        request, sent = exchange.request, _site(exchange.request)
        before, now = (
            display.response(each.response, request, self._redactor)
            for each in (recorded, exchange)
        )
        lines = [
            f"{verdict}: {summary}",
            *(f"  breaks:    {display.quoted(violation)}" for violation in broken),
            f"  cassette:  {self._cassette}",
            f"  sent:      {request.method} {display.quoted(request.path)}, "
            f"{len(request.body)} bytes" + (f", {sent}" if sent else ""),
            *_side_by_side(before, now, recorded.answered_by, exchange.answered_by),
            *_hint(recorded, exchange.response),
            f"  record it: {self._record_command}",
            f"  repeat it: {self._repeat_command}",
        ]
        return "\n".join(lines)


def _problem(verdict: str, text: str, request: Request) -> Problem:
    return Problem(text, verdict=verdict, title=verdict, site=_site(request), request=request)


def _site(request: Request) -> str:
    return call_site.of_caller() or call_site.of_client(request)


def _words(response: Response) -> str:
    code = rest_json.error_code(response) if response.status >= 300 else ""
    body = f"a body of {len(response.body)} bytes" if response.body else "an empty body"
    return display.quoted(f"{response.status} {code}" if code else f"{response.status} with {body}")


def _environment(exchange: Exchange) -> str | None:
    """Return the reason why an answer isn't the operation's; None if it is."""
    response = exchange.response
    return (
        origin.foreign(response, sends_ids=False)
        or failures.why(response)
        or origin.foreign(response, sends_ids=exchange.answered_by == "aws")
    )


def _not_reached(recorded: Response, now: Response) -> str:
    """Return the reason why the recorded answer can't be expected now; `""` if it can."""
    if trouble := failures.in_response(recorded):
        return f"{trouble.name} can't be caused on purpose"
    about_state = now.status < 300 or now.status in _STATUS_OF
    if recorded.status in _STATUS_OF and about_state and now.status != recorded.status:
        return f"the dataset is not {_STATUS_OF[recorded.status]} now"
    return ""


def _hint(recorded: Exchange, now: Response) -> Iterator[str]:
    if recorded.altered:
        yield "  edited:    the recorded answer was changed by hand; record the test again"
    if recorded.response.status < 300 and now.status in _STATUS_OF:
        yield "  dataset:   check that the one declared as active exists and is not in use"


def _side_by_side(
    recorded: Mapping[str, Any], now: Mapping[str, Any], before: str, after: str
) -> Iterator[str]:
    rows = [("", f"recorded ({before})", f"now ({after})")]
    rows += [(name, str(recorded[name]), str(now[name])) for name in PARTS]
    for name, *cells in rows:
        mark = "  " if cells[0] == cells[1] or not name else "! "
        columns = [textwrap.wrap(cell, _COLUMN) or ["(empty)"] for cell in cells]
        for number, (left, right) in enumerate(zip_longest(*columns, fillvalue="")):
            head = f"{mark}{name}" if number == 0 else ""
            yield f"  {head:<10} {left:<{_COLUMN}}  {right}".rstrip()


def absent(settings: Settings) -> dict[str, State]:
    """Return the state of each dummy for which a live run has no declared dataset."""
    if settings.target != "live":
        return {}
    resource_types = ("ITEMS", "USERS", "ACTIONS", "tracker")
    return {
        name: state
        for resource_type in resource_types
        for state, name in dummies(resource_type).items()
        if state != "active" and name not in settings.datasets
    }
