"""Scenarios of bodies that are not JSON, each with one deviation from it (source: RFC 8259).

They are texts that lenient parsers accept, or that broken clients send. Bodies that strict parsers
treat differently are observed instead (`unknowns`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from personalize_contract.model.datasets import PREFIX
from personalize_contract.suite.scenario import Operation, Scenario
from personalize_contract.suite.tables.rows import malformed


def not_json(operation: Operation) -> Iterator[Scenario]:
    """Yield the scenarios of an operation."""
    for name, body in _bodies(operation).items():
        yield malformed(f"body-{name}", "request.body.json-object", operation.raw(body))


def _bodies(operation: Operation) -> Mapping[str, str | bytes]:
    good, record = operation.body(), operation.record_text()
    first_member, plural = operation.first_member, operation.plural

    def holding(token: str) -> str:
        return f'{good[:-1]}, "tea": {token}}}'

    return {
        "empty": "",
        "blank": " \n",
        # --- before and after
        "truncated": good[:-1],
        "two": good + good,
        "leading-junk": "tea " + good,
        # A prefix that protects JSON answers from being included as scripts.
        "leading-brackets": ")]}',\n" + good,
        "trailing-junk": good + " tea",
        "trailing-brace": good + "}",
        "trailing-nul": good + "\0",
        # --- between members
        "trailing-comma": good[:-1] + ",}",
        "trailing-comma-in-list": good.replace("}]", "},]"),
        "leading-comma": "{," + good[1:],
        "two-commas": good.replace(", ", ",, ", 1),
        "no-comma": good.replace(", ", " ", 1),
        "no-comma-in-list": operation.body(records=f"[{record} {record}]"),
        "semicolon": good.replace(", ", "; ", 1),
        "equals-sign": good.replace(": ", " = ", 1),
        "unclosed-list": good.replace("]", ""),
        # --- comments and white space
        "comment": good + " // tea",
        "comment-inside": "{/* tea */" + good[1:],
        "comment-of-a-shell": good + " # tea",
        "comment-of-a-shell-before": "# tea\n" + good,
        "form-feed": "\f" + good,
        "vertical-tab": "\v" + good,
        "no-break-space": "\N{NO-BREAK SPACE}" + good,
        "line-separator": "\N{LINE SEPARATOR}" + good,
        # --- strings
        "single-quotes": good.replace('"', "'"),
        "name-without-quotes": good.replace(f'"{first_member}"', first_member),
        "line-break-in-string": operation.body_with_id(f'"{PREFIX}\n"'),
        "tab-in-string": operation.body_with_id(f'"{PREFIX}\t"'),
        "unknown-escape": operation.body_with_id(f'"{PREFIX}\\q"'),
        "short-escape": operation.body_with_id(f'"{PREFIX}\\u12"'),
        "overlong-utf-8": good.encode().replace(b"tea", b"\xc1\xb4ea"),
        "not-utf-8": good.encode().replace(b"tea", b"t\xe9"),
        # --- numbers and words
        "number-with-zero-in-front": holding("01"),
        "number-with-plus": holding("+1"),
        "number-without-digit-in-front": holding(".5"),
        "number-without-digit-behind": holding("1."),
        "number-in-hex": holding("0x1"),
        "word-in-upper-case": holding("NULL"),
        "word-of-python": holding("None"),
        "word-of-javascript": holding("undefined"),
        # --- something else
        "form": "datasetArn=@dataset@&items=1",
        "text-of-json": json.dumps(good),
        "yaml": f"{first_member}: @dataset@\n{plural}:\n- {operation.id}: {PREFIX}1\n",
    }
