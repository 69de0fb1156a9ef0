"""The text of a pull request that proposes newly recorded cassettes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from helpers.exchanges import put, request
from personalize_contract.cassette.reader import Cassette
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.report.refreshed import Refreshed, text

ERROR = {"content-type": "application/json", "x-amzn-errortype": "ResourceInUseException"}
BUSY = Response(409, "Conflict", ERROR, b'{"message": "busy"}')
OK = Response(200, "OK", {}, b"")
ONE, OTHER = Path("cassettes/test_shop/test_it.personalize.yaml"), Path("cassettes/test_b/test_c")


def cassette(
    *answers: Response, answered_by: str = "aws", bodies: Iterable[bytes] | None = None
) -> Cassette:
    sent = bodies or (put({}, first=number) for number in range(len(answers)))
    exchanges = tuple(
        Exchange(request(body), answer, answered_by)
        for body, answer in zip(sent, answers, strict=True)
    )
    origins = (Provenance(answered_by),) * len(answers)
    return Cassette(Provenance(answered_by), exchanges, (0,) * len(answers), origins)


def rendered(
    before: dict[Path, Cassette],
    after: dict[Path, Cassette],
    failed: Iterable[tuple[str, str]] = (),
    unchanged: int = 0,
) -> str:
    return text(Refreshed(before, after, unchanged, list(failed)))


def rows(of: str) -> list[list[str]]:
    lines = [line for line in of.splitlines() if line.startswith("| ")][2:]
    plain = (
        line.replace("<code>", "").replace("</code>", "").replace("&#95;", "_") for line in lines
    )
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in plain]


def test_no_changes_are_reported_as_such() -> None:
    assert rendered({}, {}, unchanged=3) == "## Nothing changed in 3 cassettes\n"


def test_refreshed_date_alone_is_reported_as_such() -> None:
    body = rendered({ONE: cassette(OK)}, {ONE: cassette(OK)}, unchanged=2)
    assert body == "## Nothing changed in 3 cassettes; 1 date renewed\n"


def test_each_change_is_one_row_with_its_exchanges() -> None:
    refused = replace(BUSY, status=400)
    before = {ONE: cassette(OK, BUSY, BUSY), OTHER: cassette(BUSY)}
    after = {ONE: cassette(OK, refused, refused), OTHER: cassette(refused)}
    body = rendered(before, after, unchanged=1)
    assert body.startswith("## Of 3 cassettes: 2 changed\n")
    assert rows(body) == [
        ["status", "409", "400", "test_b/test_c (1)<br>test_shop/test_it (2, 3)"],
    ]


def test_uncounted_differences_come_last() -> None:
    other = Response(400, "", {**ERROR, "x-amzn-errortype": "Other"}, b'{"message": "no"}')
    changes = rows(rendered({ONE: cassette(BUSY)}, {ONE: cassette(other)}))
    assert [row[:3] for row in changes] == [
        ["status", "409", "400"],
        ["code", "ResourceInUseException", "Other"],
        ["message", "busy", "no"],
    ]


def test_another_provenance_is_a_change() -> None:
    changes = rows(rendered({ONE: cassette(OK, answered_by="reference")}, {ONE: cassette(OK)}))
    assert changes == [["answered by", "reference", "aws", "test_shop/test_it"]]


def test_a_changed_request_is_shown_without_values() -> None:
    before = cassette(OK, bodies=[put({"title": "a secret plan", "price": 1})])
    after = cassette(OK, bodies=[put({"title": "another plan", "price": 1})])
    body = rendered({ONE: before}, {ONE: after})
    assert rows(body) == [
        ["request", "", "differs in items&#91;0&#93;.properties.title", "test_shop/test_it (1)"]
    ]
    assert "plan" not in body


def test_new_and_removed_requests_are_listed() -> None:
    assert rows(rendered({ONE: cassette(OK)}, {ONE: cassette(OK, OK)})) == [
        ["request", "not sent", "sent", "test_shop/test_it (2)"]
    ]
    assert rows(rendered({ONE: cassette(OK, OK)}, {ONE: cassette(OK)})) == [
        ["request", "sent", "not sent", "test_shop/test_it"]
    ]


def test_new_and_removed_cassettes_and_failed_tests_are_listed() -> None:
    body = rendered({ONE: cassette(OK)}, {OTHER: cassette(OK)}, [("t::test_x", "assert | no")])
    assert body == (
        "## Of 2 cassettes: 1 new, 1 gone; 1 test failed\n\n"
        "New:\n\n- <code>cassettes/test&#95;b/test&#95;c</code>\n\n"
        "Gone:\n\n- <code>cassettes/test&#95;shop/test&#95;it.personalize.yaml</code>\n\n"
        "Not recorded, because the test failed (the cassette is unchanged):\n\n"
        "- <code>t::test&#95;x</code>: assert &#124; no\n"
    )


def test_answers_neither_break_the_markdown_nor_echo_requests() -> None:
    body = put({"title": "a secret plan"})
    odd = json.dumps({"message": "</code>|\n\n# @all a secret plan"}).encode()
    before = cassette(BUSY, bodies=[body])
    after = cassette(replace(BUSY, body=odd), bodies=[body])
    (row,) = rows(rendered({ONE: before}, {ONE: after}))
    assert row[0] == "message"
    assert "@" not in row[2]
    assert "plan" not in row[2]


def test_a_long_list_is_cut() -> None:
    failed = [(f"t::test_{number}", "no") for number in range(100)]
    body = rendered({}, {}, failed)
    assert body.count("<code>t::") == 40
    assert "- ... and 60 more" in body
