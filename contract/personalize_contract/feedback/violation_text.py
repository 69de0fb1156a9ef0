"""The text of a violation of the contract."""

from __future__ import annotations

from personalize_contract.model.checker import Violation
from personalize_contract.privacy import display


def violation_text(violation: Violation, body: bytes, *, subject: str, sent: str = "") -> str:
    """Return a violation as a block of lines, of which the first makes sense alone.

    Args:
        violation: the clause, and the place where it is broken.
        body: the body of the request. One of its values is shown, but never item properties.
        subject: the name of the message that breaks the clause: `this test's request`.
        sent: the line of code or the client that sent it; `""` if unknown.
    """
    clause = violation.clause
    value = display.value(body, violation.where) if violation.by == "caller" else ""
    return (
        f"{clause.id} is broken by {subject}\n"
        f"  says:   {clause.statement} [{clause.source}]\n"
        f"  found:  {display.quoted(f'{violation.where}: {violation.found}')}"
        f"{f': {value}' if value else ''}" + (f"\n  sent:   {sent}" if sent else "")
    )
