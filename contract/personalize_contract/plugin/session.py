"""One marked test: every PutItems request that it sends is checked, then answered by its target.

Lives from the test's set-up to its teardown. Nothing that it finds depends on what the code under
test does with the answer: a miss or a violation that is swallowed still fails the test.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from personalize_contract import settings
from personalize_contract.errors import PersonalizeContractError, UsageError
from personalize_contract.model import contract
from personalize_contract.model.checker import Violation, checker
from personalize_contract.model.exchange import Request, Response
from personalize_contract.plugin import call_site
from personalize_contract.plugin.adviser import Advice, Adviser
from personalize_contract.plugin.mark import Mark
from personalize_contract.privacy import display
from personalize_contract.targets.base import Target


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a test fails.

    Args:
        text: for people; its first line stands alone.
        error: that was raised for it in the code under test; None if nothing was.
    """

    text: str
    error: BaseException | None = None


class Session:
    """The requests of one test. Any thread may send them.

    Args:
        target: who answers; None if requests are only checked, and go where they would go.
        mark: what the test says about itself.
        no_advice: names of the advice that is not given.
        strict: whether advice is a finding.
    """

    def __init__(
        self,
        target: Target | None,
        mark: Mark,
        no_advice: tuple[str, ...] = (),
        *,
        strict: bool = False,
    ) -> None:
        self.target = target
        self._mark, self._strict = mark, strict
        self._adviser = Adviser(no_advice)
        self._lock = threading.Lock()
        self._findings: list[Finding] = []
        self._seen: set[tuple[str, str]] = set()
        self._meant: set[str] = set()
        self.violations = 0
        self.answered: Counter[str] = Counter()
        self.advice: Counter[Advice] = Counter()

    def answer(self, request: Request) -> Response | None:
        """Check a request and get it answered; None if it is only checked.

        Raises:
            Miss, TargetUnavailable, SecretFound, CassetteError: nobody answered, or the answer
                could not be kept. The test fails, whatever becomes of this error.
        """
        __tracebackhide__ = True
        self.check(request)
        return self.ask(request)

    def ask(self, request: Request) -> Response | None:
        """Get a request answered that was checked; None if it is only checked.

        Raises: as `answer`.
        """
        __tracebackhide__ = True
        if self.target is None:
            return None
        try:
            exchange = self.target.answer(request)
        except PersonalizeContractError as error:
            # The live target speaks of the options of `verify`.
            is_usage = isinstance(error, UsageError)
            told = UsageError(settings.spelled(str(error))) if is_usage else error
            with self._lock:
                self._findings.append(Finding(str(told), told))
            if told is error:
                raise
            raise told from None
        with self._lock:
            self.answered[exchange.answered_by] += 1
        return exchange.response

    def respond(self, request: Request) -> Response:
        """As `answer`, where there is a target."""
        response = self.answer(request)
        assert response is not None
        return response

    def check(self, request: Request) -> None:
        """Note what a request breaks, and what can be said about it."""
        operation = contract.at(request.path)
        if not operation:
            return
        found = checker(operation.operation).request(request)
        broken = [one for one in found if one.clause.can_fail]
        if broken:
            self._broken(broken, request)
        for one in self._adviser.advice(request):
            with self._lock:
                self.advice[one] += 1
                if self._strict and self._is_new(one.row.name, one.sent):
                    self._findings.append(Finding(_advised(one)))

    def _broken(self, broken: list[Violation], request: Request) -> None:
        sent = call_site.of_caller()
        with self._lock:
            for violation in broken:
                clause = violation.clause.id
                if clause in self._mark.violates:
                    self._meant.add(clause)
                elif self._is_new(clause, sent):
                    self.violations += 1
                    value = display.value(request.body, violation.where)
                    self._findings.append(Finding(_told(violation, value, sent)))

    def _is_new(self, what: str, sent: str) -> bool:
        """Whether a place was not told about this yet."""
        before = len(self._seen)
        self._seen.add((what, sent))
        return len(self._seen) > before

    @property
    def findings(self) -> list[Finding]:
        """What was found and not told yet."""
        with self._lock:
            return list(self._findings)

    def told(self, findings: list[Finding]) -> None:
        """These are in a report now."""
        with self._lock:
            self._findings = [one for one in self._findings if one not in findings]

    def missing_violations(self) -> list[str]:
        """The clauses that the test says it breaks, and did not."""
        return [clause for clause in self._mark.violates if clause not in self._meant]


def _told(violation: Violation, value: str, sent: str) -> str:
    clause = violation.clause
    return (
        f"{clause.id} is broken by this test's request\n"
        f"  says:   {clause.statement} [{clause.source}]\n"
        f"  found:  {violation.where}: {violation.found}{f': {value}' if value else ''}\n"
        + (f"  sent:   {sent}\n" if sent else "")
        + f'  if the test means it: violates=["{clause.id}"] in its mark'
    )


def _advised(advice: Advice) -> str:
    row = advice.row
    return (
        f"{row.name}: {row.wrong}\n"
        f"  instead: {row.instead} [{row.source}]\n"
        f"  found:   {advice.where}\n"
        + (f"  sent:    {advice.sent}\n" if advice.sent else "")
        + f"  advice fails because of --personalize-strict; personalize_no_advice = {row.name}"
        " in the ini file turns this one off"
    )
