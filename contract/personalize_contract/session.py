"""One marked test: every PutItems request that it sends is checked, then answered by its target.

Lives from the test's set-up to its teardown. Nothing that it finds depends on what the code under
test does with the answer: a miss or a violation that is swallowed still fails the test.
"""

from __future__ import annotations

import threading
from collections import Counter

from personalize_contract import contract, place
from personalize_contract.checker import Violation, checker
from personalize_contract.errors import PersonalizeContractError
from personalize_contract.exchange import Request, Response
from personalize_contract.mark import Mark
from personalize_contract.targets import Target


class Session:
    """The requests of one test. Any thread may send them.

    Args:
        target: who answers; None if requests are only checked, and go where they would go.
        mark: what the test says about itself.
    """

    def __init__(self, target: Target | None, mark: Mark) -> None:
        self.target = target
        self._mark = mark
        self._lock = threading.Lock()
        self._findings: list[str] = []
        self._errors: list[BaseException] = []
        self._seen: set[tuple[str, str]] = set()
        self._meant: set[str] = set()
        self.violations = 0
        self.answered: Counter[str] = Counter()

    def answer(self, request: Request) -> Response | None:
        """Check a request and get it answered; None if it is only checked.

        Raises:
            Miss, TargetUnavailable, SecretFound, CassetteError: nobody answered, or the answer
                could not be kept. The test fails, whatever becomes of this error.
        """
        __tracebackhide__ = True
        self._check(request)
        if self.target is None:
            return None
        try:
            exchange = self.target.answer(request)
        except PersonalizeContractError as error:
            with self._lock:
                self._errors.append(error)
                self._findings.append(str(error))
            raise
        with self._lock:
            self.answered[exchange.answered_by] += 1
        return exchange.response

    def respond(self, request: Request) -> Response:
        """As `answer`, where there is a target."""
        response = self.answer(request)
        assert response is not None
        return response

    def _check(self, request: Request) -> None:
        operation = contract.at(request.path)
        if not operation:
            return
        checked = checker(operation.operation).request(request)
        broken = [one for one in checked if one.clause.can_fail]
        if not broken:
            return
        where = place.of_caller()
        with self._lock:
            for violation in broken:
                clause = violation.clause.id
                if clause in self._mark.violates:
                    self._meant.add(clause)
                elif (clause, where) not in self._seen:
                    self._seen.add((clause, where))
                    self.violations += 1
                    self._findings.append(_told(violation, where))

    def findings(self) -> str:
        """What was found since this was last asked, as a text; `""` if nothing was."""
        with self._lock:
            found, self._findings = self._findings, []
        return "\n\n".join(found)

    def raised(self, error: BaseException) -> bool:
        """Whether an error is one that this session raised itself."""
        return any(error is one for one in self._errors)

    def missing_violations(self) -> list[str]:
        """The clauses that the test says it breaks, and did not."""
        return [clause for clause in self._mark.violates if clause not in self._meant]


def _told(violation: Violation, where: str) -> str:
    clause = violation.clause
    return (
        f"{clause.id} is broken by this test's request\n"
        f"  says:   {clause.statement} [{clause.source}]\n"
        f"  found:  {violation.where}: {violation.found}\n"
        + (f"  sent:   {where}\n" if where else "")
        + f'  if the test means it: violates=["{clause.id}"] in its mark'
    )
