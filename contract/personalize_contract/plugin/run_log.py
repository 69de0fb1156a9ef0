"""What a run notes beside the tests that caused it: what came too late, or from elsewhere."""

from __future__ import annotations

from collections import Counter
from typing import NoReturn

from personalize_contract.errors import TooLate
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.plugin.owners import Owner, finished_test

_LONGEST = 120


class RunLog:
    """The notes of one test that its run keeps. Any thread may add one.

    Args:
        test: the node id.
        tally: of the run.
        owner: knows the threads and tasks of the test; None if none are its own.
    """

    def __init__(
        self, test: str, tally: Counter[tuple[str, ...]] | None = None, owner: Owner | None = None
    ) -> None:
        self._test, self._owner = test, owner
        self._tally: Counter[tuple[str, ...]] = Counter() if tally is None else tally

    def blames_test(self) -> bool:
        """Whether the test has to answer for the code that asks."""
        return self._owner is None or self._owner.answers_for_current()

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
