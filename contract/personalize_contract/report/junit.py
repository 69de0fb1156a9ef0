"""The report as JUnit XML: a test suite for each target, a test case for each clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from personalize_contract.report.view import BROKEN, NOT_REACHED, Cell, Report
from personalize_contract.report.words import answered, sent

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 can't represent."""


def _writable(words: str) -> str:
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", words)


def _seconds(number: float) -> str:
    return f"{number:.3f}"


def _attempts(cell: Cell) -> Iterator[str]:
    """Yield the exchanges of scenarios that were retried."""
    for exchange in cell.exchanges:
        if attempt := exchange.get("attempt"):
            yield f"{exchange['scenario']}, attempt {attempt}: {sent(exchange)}"
            yield f"    {answered(exchange)}"


def text(report: Report) -> str:
    """Return the document. A clause that was not reached is an error, or skipped if allowed."""
    root = ET.Element("testsuites", name=report.operation)
    for at, target in enumerate(report.targets):
        suite = ET.SubElement(root, "testsuite", name=f"{report.operation} {target.name}")
        about = ET.SubElement(suite, "properties")
        for name, value in (
            ("headline", str(report.headline)),
            ("partial", report.headline.partial),
            ("flaky", str(len(target.flaky))),
        ):
            ET.SubElement(about, "property", name=name, value=_writable(value))
        count = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        for row in report.rows:
            clause, cell = row.clause, row.cells[at]
            case = ET.SubElement(
                suite,
                "testcase",
                classname=target.name,
                name=clause.id,
                time=_seconds(cell.seconds),
            )
            count["tests"] += 1
            kind = ""
            if clause.can_fail and cell.status == BROKEN:
                kind = "failure"
            elif cell.status == NOT_REACHED:
                kind = "skipped" if cell.is_allowed or not clause.can_fail else "error"
            if kind:
                count["skipped" if kind == "skipped" else f"{kind}s"] += 1
                result = ET.SubElement(case, kind, message=_writable(f"{cell.status}: {cell.why}"))
                result.text = f"{clause.statement} [{clause.source}]"
            if attempts := "\n".join(_attempts(cell)):
                ET.SubElement(case, "system-out").text = _writable(attempts)
        suite.set("time", _seconds(target.facts.seconds))
        if target.facts.started_at:
            suite.set("timestamp", target.facts.started_at.removesuffix("Z"))
        for name, number in count.items():
            suite.set(name, str(number))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
