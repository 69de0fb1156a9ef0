"""Notes of a run, such as late requests and refusals for which no test is responsible."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NoReturn

from personalize_contract.errors import NetworkRefused, TooLate
from personalize_contract.feedback import call_site
from personalize_contract.model.contract import Contract
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.plugin.owners import Owner, finished_test

if TYPE_CHECKING:
    from personalize_contract.plugin.baseline import KnownFinding

THROTTLED, NO_ANSWER = "throttled", "no answer"
"""Outcomes that no documentation of an operation lists."""


def _outcome(operation: Contract, response: Response | None) -> str:
    """Return the outcome of a request, such as `200`, the code of an error, or `no answer`."""
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
    """Notes of one test, added to the tally of its run. Thread-safe.

    Args:
        test: the node id.
        tally: the tally of the run.
        owner: the owner of the test's threads and tasks; None if every thread counts as its own.
        is_reported: whether outcomes are noted for a report.
    """

    def __init__(
        self,
        test: str,
        tally: Counter[tuple[str, ...]] | None = None,
        owner: Owner | None = None,
        *,
        is_reported: bool = False,
    ) -> None:
        self.test, self._owner, self._is_reported = test, owner, is_reported
        self._tally: Counter[tuple[str, ...]] = Counter() if tally is None else tally

    def blames_test(self) -> bool:
        """Return whether the test is responsible for the calling code."""
        return self._owner is None or self._owner.is_responsible_for_current()

    def note_outcome(self, request: ParsedRequest, response: Response | None) -> None:
        """Note the outcome of a request, by its call site.

        Args:
            request: the request as sent.
            response: the response; None if there was none.
        """
        if self._is_reported and request.operation:
            site = call_site.of_caller() or call_site.of_client(request)
            name = request.operation.operation
            self._tally["met", site, name, _outcome(request.operation, response)] += 1

    def note_known(self, entry: KnownFinding) -> None:
        """Note a finding that the baseline knows."""
        until, why = f"until {entry.until}", entry.why
        self._tally["known", entry.place, self.test, entry.clause, until, why] += 1

    def note_refusal(self, error: NetworkRefused) -> None:
        """Note a refused connection for which no test is responsible."""
        call = f" ({error.call})" if error.call else ""
        self._tally["refused", f"{error.host}{call}"] += 1

    def refuse_late_request(self) -> None:
        """Refuse a request of a test that has ended.

        Raises:
            TooLate: the calling code belongs to such a test.
        """
        if test := finished_test():
            self._refuse(test, "still sends requests")

    def refuse_late_answer(self) -> NoReturn:
        """Refuse an answer that arrives after the end of this test.

        Raises:
            TooLate: always.
        """
        self._refuse(self.test, "still waited for an answer")

    def _refuse(self, test: str, still: str) -> NoReturn:
        self._tally["late", test] += 1
        raise TooLate(
            f"{test} has ended, but a thread or task that it left running {still}: "
            "join or cancel it in that test"
        )


class LateHandler:
    """Refuses the requests of tests that have ended, and lets clients send all others.

    Args:
        log: the log that notes each refusal.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log

    def check(self, request: Request) -> ParsedRequest:
        """Refuse a request of a test that has ended."""
        self._log.refuse_late_request()
        return parse(request)

    def forward(self, request: ParsedRequest) -> Response | None:
        """Let the client send the request itself."""
        return None
