"""What a run notes beside the tests that caused it: what came too late, or from elsewhere."""

from __future__ import annotations

from collections import Counter
from typing import NoReturn

from personalize_contract.errors import TooLate
from personalize_contract.feedback import call_site
from personalize_contract.model.contract import Contract
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.plugin.owners import Owner, finished_test

_LONGEST = 120

THROTTLED, NO_ANSWER = "throttled", "no answer"
"""Outcomes of a request that no page documents."""


def _outcome(operation: Contract, response: Response | None) -> str:
    """The outcome of a request: 200, a documented error, throttled, no answer, or another one."""
    from personalize_contract.model import failures, rest_json

    if response is None:
        return NO_ANSWER
    if failures.in_response(response) is failures.THROTTLING:
        return THROTTLED
    code = rest_json.error_code(response) if response.status >= 300 else ""
    if code in operation.errors:
        return str(code)
    return f"{response.status} {code}" if code else str(response.status)


class RunLog:
    """The notes of one test that its run keeps. Any thread may add one.

    Args:
        test: the node id.
        tally: of the run.
        owner: knows the threads and tasks of the test; None if none are its own.
        is_reported: whether outcomes and problems are noted, for a report.
    """

    def __init__(
        self,
        test: str,
        tally: Counter[tuple[str, ...]] | None = None,
        owner: Owner | None = None,
        *,
        is_reported: bool = False,
    ) -> None:
        self._test, self._owner, self._is_reported = test, owner, is_reported
        self._tally: Counter[tuple[str, ...]] = Counter() if tally is None else tally

    def blames_test(self) -> bool:
        """Whether the test has to answer for the code that asks."""
        return self._owner is None or self._owner.answers_for_current()

    def note_outcome(self, request: ParsedRequest, response: Response | None) -> None:
        """Note the outcome of a request, by its call site.

        Args:
            request: as it was sent.
            response: to it; None if there was no answer.
        """
        if self._is_reported and request.operation:
            site = call_site.of_caller() or call_site.of_client(request)
            name = request.operation.operation
            self._tally["met", site, name, _outcome(request.operation, response)] += 1

    def note_problem(self, title: str, text: str, site: str = "") -> None:
        """Note a problem that fails the test, with the call site if that is known."""
        if self._is_reported:
            site = site or call_site.of_caller()
            self._tally["problem", site, self._test, title, text] += 1

    def note_refusal(self, sentence: str) -> None:
        """Note a connection that was refused to code that no test answers for."""
        self._tally["refused", sentence.partition(":")[0][:_LONGEST]] += 1

    def refuse_late(self) -> None:
        """Refuse a request of a test that has ended.

        Raises:
            TooLate: it is one.
        """
        if test := finished_test():
            self._refuse(test)

    def refuse_too_late(self) -> NoReturn:
        """Refuse an answer that comes after the end of this test.

        Raises:
            TooLate: always.
        """
        self._refuse(self._test)

    def _refuse(self, test: str) -> NoReturn:
        self._tally["late", test] += 1
        raise TooLate(
            f"{test} has ended, and a thread or task that it left running still sends: "
            "join or cancel it in that test"
        )


class LateHandler:
    """Refuses the requests of tests that have ended, and lets all others go where they would go.

    Args:
        log: told each refusal.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log

    def check(self, request: Request) -> ParsedRequest:
        """Refuse a request that comes too late."""
        self._log.refuse_late()
        return parse(request)

    def forward(self, request: ParsedRequest) -> Response | None:
        """Let the client send the request itself."""
        return None
