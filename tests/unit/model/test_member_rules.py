"""The rules for numbers, timestamps, nested lists, and strings with JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from personalize_contract.model import contract_files
from personalize_contract.model.contract import load
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import parse

FILE = """
operation: PutTea
service: personalize-events
page: https://tea.example
method: POST
path: /tea
document: notes
members:
- {at: cups, type: integer, minimum: 1, maximum: 9, source: Our page}
- {at: warmth, type: number, minimum: 0, source: Our page}
- {at: brewedAt, type: timestamp, source: Our page}
- {at: hot, type: boolean, source: Our page}
- {at: rows, type: array, max-members: 2, source: Our page}
- {at: 'rows[]', type: array, max-members: 2, source: Our page}
- {at: 'rows[][]', type: string, max-length: 3, source: Our page}
- {at: notes, type: string, reserved-keys: [userId], source: Our page}
- {at: notes.price, required: true, type: number, source: Our page}
clauses:
- id: request.body.json-object
  statement: The body is an object.
  source: Our page
  level: documented
  binds: caller
  check: {at: '', type: object}
  refused: malformed
"""


@pytest.fixture(scope="module", autouse=True)
def tea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("contracts")
    (folder / "PutTea.yaml").write_text(FILE, "utf-8")
    contract_files.use(folder)
    yield
    contract_files.use(None)


def broken(body: Any) -> list[str]:
    request = Request("POST", "https://tea.example/tea", {}, json.dumps(body).encode())
    violations = parse(request).violations
    return [f"{each.clause.id} {each.where}: {each.found}" for each in violations]


GOOD = [
    {},
    {"cups": 1},
    {"cups": 9.0},
    {"cups": None},
    {"warmth": 0},
    {"warmth": 60.5},
    {"brewedAt": 1719511760},
    {"brewedAt": 1719511760.25},
    {"hot": False},
    {"rows": [["a"], []]},
    {"notes": '{"price": 1}'},
]

BAD = {
    "request.cups.minimum cups: it is 0": {"cups": 0},
    "request.cups.maximum cups: it is 10": {"cups": 10},
    "request.cups.type cups: it is a number": {"cups": 1.5},
    "request.cups.type cups: it is a boolean": {"cups": True},
    "request.cups.type cups: it is a string": {"cups": "1"},
    "request.warmth.minimum warmth: it is -0.5": {"warmth": -0.5},
    "request.warmth.type warmth: it is a boolean": {"warmth": False},
    "request.brewed-at.type brewedAt: it is a string": {"brewedAt": "2026-01-01"},
    "request.hot.type hot: it is a number": {"hot": 1},
    "request.rows.max-members rows: it has 3 members": {"rows": [[], [], []]},
    "request.rows-member.max-members rows[1]: it has 3 members": {"rows": [[], ["a", "b", "c"]]},
    "request.rows-member.type rows[0]: it is null": {"rows": [None]},
    "request.rows-member-member.max-length rows[0][1]: it has 4 characters": {
        "rows": [["a", "abcd"]]
    },
    "request.rows-member-member.type rows[0][0]: it is a number": {"rows": [[1]]},
    "request.notes.reserved-keys notes: it has the key UserID": {
        "notes": '{"price": 1, "UserID": 1}'
    },
    "request.price.required notes.price: it is absent": {"notes": "{}"},
    "request.price.type notes.price: it is a string": {"notes": '{"price": "1"}'},
}


@pytest.mark.parametrize("body", GOOD, ids=json.dumps)
def test_valid_values_break_nothing(body: dict[str, Any]) -> None:
    assert broken(body) == []


@pytest.mark.parametrize("violation", BAD)
def test_a_broken_rule_has_its_place(violation: str) -> None:
    assert broken(BAD[violation]) == [violation]


def test_a_text_that_is_not_json_has_no_members() -> None:
    assert broken({"notes": "tea"}) == broken({"notes": "[]"}) == []


@given(st.text(st.characters(max_codepoint=0x80), max_size=12) | st.text(max_size=4))
@example("")
@example("   ")
@example(" x\n")
def test_the_faster_pattern_matches_the_same_texts(text: str) -> None:
    clause = load("PutEvents").clauses["request.event-attribution-source.pattern"]
    page, searched_as = clause.check["pattern"], clause.check["searched-as"]

    assert bool(re.fullmatch(page, text)) == bool(re.fullmatch(searched_as, text))


def test_the_pattern_of_a_page_is_unchanged() -> None:
    """`$` also matches before a final line break, which `fullmatch` then rejects."""
    clause = load("PutEvents").clauses["request.event-attribution-source.pattern"]
    assert clause.check["pattern"] == r"^[\x20-\x7E]*[\x21-\x7E]+[\x20-\x7E]*$"
    assert Path(str(contract_files.read("PutEvents").path)).name == "PutEvents.yaml"
