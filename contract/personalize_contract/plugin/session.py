"""The session of a marked test: checks each of its requests, has its target answer, notes problems.

Lives from the test's set-up to its teardown. Nothing that it notes depends on what the code under
test does with the answer: a miss or a violation that is swallowed still fails the test.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personalize_contract.errors import NetworkRefused, PersonalizeContractError
from personalize_contract.feedback import call_site
from personalize_contract.feedback.adviser import Advice, Adviser
from personalize_contract.interceptors.child_processes import REFUSED
from personalize_contract.model.checker import Violation
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.interruption import Interrupted
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.model.sdk_call import ByCall
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.run_log import RunLog

if TYPE_CHECKING:
    from personalize_contract.targets.base import Target


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why a test fails.

    Args:
        text: for people; its first line stands alone.
        error: raised for it in the code under test; None if nothing was.
        verdict: on an answer that was held against a recorded one; `""` if it is about no answer.
    """

    text: str
    error: BaseException | None = None
    verdict: str = ""


class Session:
    """Handles the requests of one test. Any thread may send them.

    Args:
        target: answers; None if requests are only checked, and go where they would go.
        mark: the mark of the test.
        no_advice: names of the advice that is not given.
        strict: whether advice is a problem.
        run: told what isn't this test's doing.
    """

    def __init__(
        self,
        target: Target | None,
        mark: Mark,
        no_advice: tuple[str, ...] = (),
        *,
        strict: bool = False,
        run: RunLog | None = None,
    ) -> None:
        self.target = target
        self._mark, self._strict = mark, strict
        self.run = run or RunLog("")
        self.sent = 0
        self._closed = False
        self._adviser = Adviser(no_advice)
        self._lock = threading.Lock()
        self._problems: list[Problem] = []
        self._seen: set[tuple[str, str]] = set()
        self._meant: set[str] = set()
        self._verdicts: ByCall[Problem | None] = ByCall()
        self.told: list[Problem] = []
        """The problems that are in reports of the test."""
        self.violations = 0
        self.answered: Counter[str] = Counter()
        self.advice: Counter[Advice] = Counter()

    def check(self, request: Request) -> ParsedRequest:
        """Parse a request, and note its violations and the advice on it.

        Raises:
            TooLate: another test sent it, which has ended.
        """
        __tracebackhide__ = True
        self.run.refuse_late()
        parsed = parse(request)
        with self._lock:
            self.sent += 1
        if violations := [one for one in parsed.violations if one.clause.can_fail]:
            self._note_violations(violations, parsed)
        for advice in self._adviser.advice(parsed):
            with self._lock:
                self.advice[advice] += 1
                if self._strict and self._is_new(advice.row.name, advice.sent):
                    self._problems.append(Problem(_advice_text(advice)))
        return parsed

    def forward(self, request: ParsedRequest) -> Response | None:
        """Return the target's response; None if requests are only checked.

        Raises:
            Miss, TargetUnavailable, SecretFound, CassetteError, UsageError: there is no answer,
                or it could not be kept. The test fails, whatever becomes of this error.
            Interrupted: a fault that the test asked for.
        """
        __tracebackhide__ = True
        if self.target is None:
            return None
        try:
            exchange = self.target.answer(request)
        except Interrupted as interruption:
            self.run.note_outcome(request, None)
            if interruption.late:
                self._count(interruption.late)
            raise
        except PersonalizeContractError as error:
            self._refuse_if_closed()
            with self._lock:
                self._problems.append(Problem(str(error), error))
            self.run.note_problem(type(error).__name__, str(error))
            raise
        self._refuse_if_closed()
        self.run.note_outcome(request, exchange.response)
        self._count(exchange)
        return exchange.response

    def note_verdict(self, call: str, problem: Problem | None) -> None:
        """Note what an answer differs in; of the attempts of one SDK call the last one decides.

        Args:
            call: shared by those attempts; `""` where there is no such thing.
            problem: with its verdict; None if the answer is as it should be.
        """
        with self._lock:
            earlier = self._verdicts.get(call)
            self._problems = [one for one in self._problems if one is not earlier]
            self._verdicts.put(call, problem)
            if problem:
                self._problems.append(problem)

    def refuse(self, error: NetworkRefused) -> None:
        """Take note of a connection that was refused.

        It fails the test whose code asked for it, whatever that code does with the error.
        """
        if self.run.blames_test():
            with self._lock:
                self._problems.append(Problem(str(error), error))
        else:
            self.run.note_refusal(str(error))

    def close(self) -> None:
        """End the session: what is answered from now on comes too late."""
        with self._lock:
            self._closed = True

    def _refuse_if_closed(self) -> None:
        __tracebackhide__ = True
        if self._closed:
            self.run.refuse_too_late()

    def respond(self, request: Request) -> Response:
        """Check and forward a request that came over a socket; its client is told of an error."""
        if request.path == REFUSED:
            sentence = f"in a child process: {request.body.decode('utf-8', 'replace')}"
            with self._lock:
                self._problems.append(Problem(sentence))
            return Response(204, "No Content", {"content-length": "0"}, b"")
        try:
            response = self.forward(self.check(request))
        except PersonalizeContractError as error:
            from personalize_contract.service import error_response

            return error_response.of(error)
        assert response is not None
        return response

    def note_abandoned(self) -> None:
        """Note a request that came over a socket and broke off: its client was killed, maybe."""
        sentence = (
            "a child process, or another client over HTTP, went away in the middle of a request: "
            "nothing was sent. Wait for it to finish before it is stopped"
        )
        with self._lock:
            self._problems.append(Problem(sentence))

    def _count(self, exchange: Exchange) -> None:
        if exchange.answered_by:
            with self._lock:
                self.answered[exchange.answered_by] += 1

    def _note_violations(self, violations: Iterable[Violation], request: ParsedRequest) -> None:
        sent = call_site.of_caller() or call_site.of_client(request)
        with self._lock:
            for violation in violations:
                clause = violation.clause.id
                if clause in self._mark.violates:
                    self._meant.add(clause)
                elif self._is_new(clause, sent):
                    self.violations += 1
                    text = _violation_text(violation, request, sent)
                    self._problems.append(Problem(text))
                    self.run.note_problem(clause, text, sent)

    def _is_new(self, name: str, sent: str) -> bool:
        """Whether this was not noted of that call site yet."""
        before = len(self._seen)
        self._seen.add((name, sent))
        return len(self._seen) > before

    @property
    def problems(self) -> list[Problem]:
        """The problems that no report has shown yet."""
        with self._lock:
            return list(self._problems)

    def reported(self, problems: list[Problem]) -> None:
        """Forget problems that are in a report now."""
        self.told += problems
        with self._lock:
            self._problems = [one for one in self._problems if one not in problems]

    def sent_nothing(self) -> Advice | None:
        """Return the advice on a test that sent nothing, if this one did not."""
        return None if self.sent else self._adviser.sent_nothing()

    def lacking(self) -> list[str]:
        """Return the advice on a test that sent nothing, if advice is a problem."""
        advice = self.sent_nothing() if self._strict else None
        return [_advice_text(advice)] if advice else []

    def missing_violations(self) -> list[str]:
        """Return the clauses that the mark says the test breaks, and that it did not break."""
        return [clause for clause in self._mark.violates if clause not in self._meant]


def _violation_text(violation: Violation, request: ParsedRequest, sent: str) -> str:
    from personalize_contract.feedback.violation_text import violation_text

    text = violation_text(violation, request.body, subject="this test's request", sent=sent)
    return f'{text}\n  if the test means it: violates=["{violation.clause.id}"] in its mark'


def _advice_text(advice: Advice) -> str:
    row = advice.row
    return (
        f"{row.name}: {row.wrong}\n"
        f"  instead: {row.instead} [{row.source}]\n"
        f"  found:   {advice.where}\n"
        + (f"  sent:    {advice.sent}\n" if advice.sent else "")
        + f"  advice fails because of --personalize-strict; personalize_no_advice = {row.name}"
        " in the ini file turns this one off"
    )
