"""The generic checker: an exchange in, every violation out.

It knows the kinds of rules that a contract file can state, and no operation. Each violation names
its culprit: the caller for a request that breaks a clause, the service for such an answer. Eleven
items answered 400 are a violation by the caller and a correct service; eleven items answered 200
are a violation by both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from personalize_contract.model import failures, json_path, rest_json
from personalize_contract.model.contract import Binds, Clause, Contract
from personalize_contract.model.contract_files import forgets
from personalize_contract.model.exchange import Request, Response, media_type
from personalize_contract.model.member_rules import Finding, Member, kind_of, member_rule, shown


@dataclass(frozen=True, slots=True)
class Violation:
    """A clause broken by an exchange.

    Args:
        clause: the broken clause.
        by: the culprit, `caller` or `service`. The service breaks a caller's clause by accepting a
            request that the clause forbids.
        where: the JSON path in the request body (`items[3].itemId`), or the part of the message.
        found: the offending kind, length or count. Never item properties.
    """

    clause: Clause
    by: Binds
    where: str
    found: str

    def __str__(self) -> str:
        """Return one line with id, statement, source, place and finding."""
        return (
            f"{self.clause.id}: {self.clause.statement} [{self.clause.source}] "
            f"{self.where}: {self.found}"
        )


class Checker:
    """Checks exchanges against one contract. Thread-safe."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._message_clauses: list[tuple[Clause, Callable[[Request], tuple[str, str] | None]]] = []
        self._body = Member()
        maxima = {
            clause.check["at"]: clause.check["max-length"]
            for clause in contract.clauses.values()
            if "max-length" in clause.check
        }
        required = {
            clause.check["at"] for clause in contract.clauses.values() if "required" in clause.check
        }
        names = {
            path.rpartition(".")[2]
            for path in contract.members
            if contract.document not in json_path.steps(path)[:-1]
        }
        for clause in contract.clauses.values():
            if clause.binds != "caller":
                continue
            check = dict(clause.check)
            at, searched_as = check.pop("at", None), check.pop("searched-as", None)
            ((rule, want),) = check.items()
            if at is None:
                self._message_clauses.append((clause, _message_rule(rule, want)))
                continue
            is_member = bool(at) and not at.endswith("[]")
            value_rule = member_rule(
                rule,
                searched_as or want,
                maxima.get(at),
                names,
                may_be_null=is_member and at not in required,
            )
            member = self._body.at(json_path.steps(at), contract.document)
            member.rules.append((clause, value_rule))

    def request(self, request: Request, body: Any, json_error: str) -> list[Violation]:
        """Return the violations by the caller in a request.

        Args:
            request: the message.
            body: the value of its JSON body.
            json_error: the reason that there is no such value; `""` if there is one.
        """
        violations = [
            Violation(clause, "caller", *breach)
            for clause, rule in self._message_clauses
            if (breach := rule(request))
        ]
        if json_error:
            clause, _ = self._body.rules[0]
            return [
                *violations,
                Violation(clause, "caller", "body", f"it is not JSON: {json_error}"),
            ]
        findings: list[Finding] = []
        self._body.check(body, findings)
        return violations + [
            Violation(clause, "caller", shown(place), finding)
            for clause, place, finding in findings
        ]

    def response(self, response: Response, by_caller: Iterable[Violation]) -> Iterator[Violation]:
        """Yield the violations by the service in a response.

        Args:
            response: the service's response.
            by_caller: the violations in the request.
        """
        breaches = [violation for violation in by_caller if violation.clause.can_fail]
        rejections = {violation.clause.refused for violation in breaches}
        if "unspecified" in rejections or failures.in_response(response):
            return
        if breaches and response.status < 300:
            for clause, where in {v.clause.id: (v.clause, v.where) for v in breaches}.values():
                yield Violation(clause, "service", where, "it was accepted anyway")
        answer = _Answer.of(response, rejections, self.contract)
        for clause in self.contract.clauses.values():
            if clause.binds != "service" or not clause.check:
                continue
            ((part, want),) = ((k, v) for k, v in clause.check.items() if k != "when")
            if answer.situations.isdisjoint(clause.check["when"]):
                continue
            if (finding := answer.breach(part, want)) is not None:
                yield Violation(clause, "service", part, finding)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response, with the situations (`when` in a contract file) that apply to it."""

    response: Response
    code: str | None
    situations: frozenset[str]

    @classmethod
    def of(cls, response: Response, rejections: set[Any], contract: Contract) -> _Answer:
        status, code = response.status, rest_json.error_code(response)
        situations = {f"status {status}", f"code {code}"}
        if status < 300:
            situations.add("accepted")
        if not rejections and status // 100 != 4:
            situations.add("not refused")
        if status >= 300 and rejections:
            # The order in which the service checks several breaches is not documented.
            situations.add(
                "broken malformed" if "malformed" in rejections else "broken invalid-input"
            )
        if status >= 300 and code in contract.errors:
            situations.add("documented error")
        return cls(response, code, frozenset(situations))

    def breach(self, part: str, want: object) -> str | None:
        """Return the finding where a part of the response isn't `want`, or None."""
        if part == "status":
            status = self.response.status
            return None if status == want else f"it is {status}"
        if part == "code":
            return None if self.code == want else f"it is {self.code or 'absent'}"
        if part == "body":
            body = self.response.body
            return f"it has {len(body)} bytes" if body else None
        if part == "message":
            message = rest_json.error_message(self.response)
            return None if isinstance(message, str) else f"it is {kind_of(message)}"
        raise ValueError(f"the checker knows no part {part!r} of an answer")


def _message_rule(rule: str, want: str) -> Callable[[Request], tuple[str, str] | None]:
    read: dict[str, Callable[[Request], str]] = {
        "method": lambda request: request.method,
        "path": lambda request: request.path,
        "query": lambda request: request.query,
        "media-type": lambda request: media_type(request.headers),
    }
    part = read[rule]
    # In the operation's first year, no botocore release sent a media type.
    allowed = (want, "") if rule == "media-type" else (want,)
    return lambda request: (
        (rule, f"it is {part(request)[:80] or 'absent'}") if part(request) not in allowed else None
    )


@forgets
@cache
def checker(contract: Contract) -> Checker:
    """Return the checker of a contract."""
    return Checker(contract)
