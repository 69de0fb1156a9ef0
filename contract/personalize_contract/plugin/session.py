"""The session of a marked test: checks each request, forwards it to the target, notes problems.

Lives from the test's set-up to its teardown. A problem doesn't depend on how the code under test
handles the answer: it fails the test even where its error is swallowed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from personalize_contract.errors import Miss, NetworkRefused, PersonalizeContractError
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
    from personalize_contract.plugin.baseline import KnownFinding
    from personalize_contract.targets.base import Target


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why a test fails.

    Args:
        text: the problem, its place and its remedy. The first line makes sense alone.
        error: the error that it raised in the code under test; None if it raised none.
        verdict: the verdict on a verified answer; `""` if the problem is about no answer.
        title: the clause, or the kind of problem, for reports.
        site: the call site; `""` if it is unknown.
        request: the request that the problem is about; None if there is none.
        clauses: the clauses that are broken, all of which a baseline has to know to excuse it.
    """

    text: str
    error: BaseException | None = None
    verdict: str = ""
    title: str = ""
    site: str = ""
    request: Request | None = None
    clauses: tuple[str, ...] = ()

    @classmethod
    def of_error(cls, error: BaseException, request: Request | None = None) -> Problem:
        """Return the problem of an error in the calling code."""
        name = type(error).__name__
        return cls(str(error), error, title=name, site=call_site.of_caller(), request=request)

    @classmethod
    def of_advice(cls, advice: Advice, request: Request | None = None) -> Problem:
        """Return the problem of a piece of advice, if advice is one."""
        name = advice.row.name
        return cls(_advice_text(advice), title=name, site=advice.sent, request=request)

    @property
    def report(self) -> str:
        """The text for reports, which show no item properties."""
        return self.error.report if isinstance(self.error, Miss) else self.text


class Session:
    """Handles the requests of one test. Any thread may send them.

    Args:
        target: the target that answers; None to check requests and let the client send them.
        mark: the mark of the test.
        no_advice: the names of the advice that is turned off.
        strict: whether advice is a problem.
        run: the log of events for which the test is not responsible.
        known: the findings of the test in the baseline, by clause.
    """

    def __init__(
        self,
        target: Target | None,
        mark: Mark,
        no_advice: tuple[str, ...] = (),
        *,
        strict: bool = False,
        run: RunLog | None = None,
        known: Mapping[str, KnownFinding] | None = None,
    ) -> None:
        self.target = target
        self._mark, self._strict = mark, strict
        self.run = run or RunLog("")
        self._known = known or {}
        self.sent = 0
        self._closed = False
        self._adviser = Adviser(no_advice)
        self._lock = threading.Lock()
        self._problems: list[Problem] = []
        self._seen: set[tuple[str, str]] = set()
        self._violated: set[str] = set()
        self._verdicts: ByCall[Problem | None] = ByCall()
        self.in_reports: list[Problem] = []
        """The problems that reports of the test have shown."""
        self.violations = 0
        self.answered: Counter[str] = Counter()
        self.advice: Counter[Advice] = Counter()

    def check(self, request: Request) -> ParsedRequest:
        """Parse a request, and note its violations and the advice on it.

        Raises:
            TooLate: it was sent by a test that has ended.
        """
        __tracebackhide__ = True
        self.run.refuse_late_request()
        parsed = parse(request)
        with self._lock:
            self.sent += 1
        if violations := [each for each in parsed.violations if each.clause.can_fail]:
            self._note_violations(violations, parsed)
        for advice in self._adviser.advice(parsed):
            with self._lock:
                self.advice[advice] += 1
                if self._strict and self._is_new(advice.row.name, advice.sent):
                    self._problems.append(Problem.of_advice(advice, parsed))
        return parsed

    def forward(self, request: ParsedRequest) -> Response | None:
        """Return the target's response; None if requests are only checked.

        Raises:
            Miss, TargetUnavailable, SecretFound, CassetteError, UsageError: there is no answer,
                or it could not be recorded. The test fails even if its code swallows this.
            Interrupted: the test injected this fault.
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
            problem = Problem.of_error(error, request)
            with self._lock:
                self._problems.append(problem)
            raise
        self._refuse_if_closed()
        self.run.note_outcome(request, exchange.response)
        self._count(exchange)
        return exchange.response

    def note_verdict(self, call: str, problem: Problem | None) -> None:
        """Note the verdict on an answer. The last attempt of an SDK call decides.

        Args:
            call: the id that the attempts of one SDK call share; `""` if there is none.
            problem: the problem with its verdict; None if the answer is as recorded.
        """
        if problem:
            problem = self._unless_known(problem)
        with self._lock:
            earlier = self._verdicts.get(call)
            self._problems = [each for each in self._problems if each is not earlier]
            self._verdicts.put(call, problem)
            if problem:
                self._problems.append(problem)

    def refuse(self, error: NetworkRefused) -> None:
        """Note a refused connection.

        It fails the test whose code tried to connect, even if that code swallows the error.
        """
        if self.run.blames_test():
            problem = Problem.of_error(error)
            with self._lock:
                self._problems.append(problem)
        else:
            self.run.note_refusal(error)

    def close(self) -> None:
        """End the session. Answers that arrive later are refused."""
        with self._lock:
            self._closed = True

    def _refuse_if_closed(self) -> None:
        __tracebackhide__ = True
        if self._closed:
            self.run.refuse_late_answer()

    def respond(self, request: Request) -> Response:
        """Check and forward a request from a socket; an error becomes an error response."""
        if request.path == REFUSED:
            sentence = f"child process: {request.body.decode('utf-8', 'replace')}"
            with self._lock:
                self._problems.append(Problem(sentence, title=NetworkRefused.__name__))
            return Response(204, "No Content", {"content-length": "0"}, b"")
        try:
            response = self.forward(self.check(request))
        except PersonalizeContractError as error:
            from personalize_contract.service import error_response

            return error_response.of(error)
        assert response is not None
        return response

    def note_abandoned(self) -> None:
        """Note an incomplete request from a socket, such as one of a killed child process."""
        sentence = (
            "a child process, or another HTTP client, disconnected in the middle of a request, "
            "and nothing was sent: wait for it to finish before stopping it"
        )
        with self._lock:
            self._problems.append(Problem(sentence, title="abandoned request"))

    def _count(self, exchange: Exchange) -> None:
        if exchange.answered_by:
            with self._lock:
                self.answered[exchange.answered_by] += 1

    def _note_violations(self, violations: Iterable[Violation], request: ParsedRequest) -> None:
        site = call_site.of_caller() or call_site.of_client(request)
        with self._lock:
            for violation in violations:
                clause = violation.clause.id
                if clause in self._mark.violates:
                    self._violated.add(clause)
                elif self._is_new(clause, site):
                    text = _violation_text(violation, request, site)
                    problem = Problem(
                        text, title=clause, site=site, request=request, clauses=(clause,)
                    )
                    if unknown := self._unless_known(problem):
                        self.violations += 1
                        self._problems.append(unknown)

    def _unless_known(self, problem: Problem) -> Problem | None:
        """Return a problem; None if it is a known one. An expired entry is named in its text."""
        entries = [self._known[clause] for clause in problem.clauses if clause in self._known]
        if not entries or len(entries) < len(problem.clauses):
            return problem
        for entry in entries:
            if entry.is_expired:
                return replace(problem, text=f"{problem.text}\n{entry.remedy}")
        for entry in entries:
            self.run.note_known(entry)
        return None

    def _is_new(self, name: str, site: str) -> bool:
        """Return whether this is the first note of that name for that call site."""
        before = len(self._seen)
        self._seen.add((name, site))
        return len(self._seen) > before

    @property
    def problems(self) -> list[Problem]:
        """The problems that no report has shown yet."""
        with self._lock:
            return list(self._problems)

    def reported(self, problems: list[Problem]) -> None:
        """Mark problems as shown by a report."""
        self.in_reports += problems
        with self._lock:
            self._problems = [each for each in self._problems if each not in problems]

    def sent_nothing(self) -> Advice | None:
        """Return the advice on a test that sends nothing; None if this one sent a request."""
        return None if self.sent else self._adviser.sent_nothing(self.run.test)

    def missing_requests(self) -> list[Problem]:
        """Return the advice on a test that sends nothing, if advice is a problem."""
        advice = self.sent_nothing() if self._strict else None
        return [Problem.of_advice(advice)] if advice else []

    def missing_violations(self) -> list[str]:
        """Return the clauses in the mark's `violates` that no request broke."""
        return [clause for clause in self._mark.violates if clause not in self._violated]


def _violation_text(violation: Violation, request: ParsedRequest, site: str) -> str:
    from personalize_contract.feedback.check import violation_text

    text = violation_text(violation, request.body, subject="this test's request", sent=site)
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
