"""How a violation of the contract reads, wherever it is told."""

from __future__ import annotations

from personalize_contract.model.checker import Violation
from personalize_contract.privacy import display


def violation_text(violation: Violation, body: bytes, *, subject: str, sent: str = "") -> str:
    """Return a violation as a block of lines; the first stands alone.

    Args:
        violation: the clause, and where it is broken.
        body: of the request. A value of it is shown; item properties never are.
        subject: the words for what breaks the clause: `this test's request`.
        sent: the line of code or the client that sent it; `""` if that is not known.
    """
    clause = violation.clause
    value = display.value(body, violation.where) if violation.by == "caller" else ""
    return (
        f"{clause.id} is broken by {subject}\n"
        f"  says:   {clause.statement} [{clause.source}]\n"
        f"  found:  {display.quoted(f'{violation.where}: {violation.found}')}"
        f"{f': {value}' if value else ''}" + (f"\n  sent:   {sent}" if sent else "")
    )
