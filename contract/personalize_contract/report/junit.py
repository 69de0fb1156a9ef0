"""The report as JUnit XML: a test suite for each target, a test case for each clause."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from personalize_contract.report.view import BROKEN, NOT_REACHED, Report

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def _writable(words: str) -> str:
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", words)


def _seconds(number: float) -> str:
    return f"{number:.3f}"


def text(report: Report) -> str:
    """The document. Not reached is an error, and skipped where it is allowed."""
    root = ET.Element("testsuites", name=report.operation)
    for at, target in enumerate(report.targets):
        suite = ET.SubElement(root, "testsuite", name=f"{report.operation} {target.name}")
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
                one = ET.SubElement(case, kind, message=_writable(f"{cell.status}: {cell.why}"))
                one.text = f"{clause.statement} [{clause.source}]"
        suite.set("time", _seconds(target.facts.seconds))
        if target.facts.started_at:
            suite.set("timestamp", target.facts.started_at.removesuffix("Z"))
        for name, number in count.items():
            suite.set(name, str(number))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
