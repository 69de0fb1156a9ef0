"""A scenario that fails once in a night is retried; one that fails again, or often, counts."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.night import verify
from helpers.stand_in import StandIn
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.interruption import Interrupted
from personalize_contract.service import core

SOME = "-kitems-1 or items-10 or items-11 or in-use or missing"
PLAIN = {"content-type": "text/plain", "x-amzn-requestid": "c0ffee"}
FAILED = Response(500, "Oh", PLAIN, b"oh")
BUSY = Response(503, "Busy", PLAIN, b"")
DENIED = core.error(403, "AccessDeniedException", "no")


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn(
        step=20, in_use=frozenset({"UPDATE PENDING", "UPDATE IN_PROGRESS"})
    ).served() as it:
        yield it


Fault = Response | str


def failing(*numbers: int, fault: Fault) -> Callable[[str, Request], Response | None]:
    """Answer the PutItems with these numbers with a fault: a response, `reset` or `truncate`."""
    count = 0

    def before(name: str, request: Request) -> Response | None:
        nonlocal count
        if name != "PutItems":
            return None
        count += 1
        if count not in numbers:
            return None
        if isinstance(fault, Response):
            return fault
        raise Interrupted(fault, None, 0)  # type: ignore[arg-type]

    return before


def night(account: StandIn, folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    done = verify(account, SOME, f"--report={folder / 'night.json'}", *more)
    return done.returncode, json.loads((folder / "night.json").read_text()), done.stderr


def shown(report: dict[str, Any], scenario: str) -> list[dict[str, Any]]:
    """Return the exchanges of a scenario in the first clause that has them."""
    for clause in report["clauses"]:
        exchanges = [
            exchange
            for exchange in clause["targets"]["live"]["exchanges"]
            if exchange["scenario"] == scenario
        ]
        if exchanges:
            return exchanges
    return []


@pytest.mark.parametrize(
    ("fault", "status"),
    [("reset", 0), ("truncate", 0), (FAILED, 500), (BUSY, 503)],
    ids=["reset", "cut short", "500", "503"],
)
def test_single_failure_breaks_nothing(
    fault: Fault, status: int, account: StandIn, tmp_path: Path
) -> None:
    account.before = failing(2, fault=fault)
    code, report, _ = night(account, tmp_path)

    assert code == 0
    assert report["summary"]["live"]["broken"] == 0
    flaky = [clause["id"] for clause in report["clauses"] if clause["targets"]["live"]["flaky"]]
    assert "request.items.max-members" in flaky
    first, second = shown(report, "items-10")
    assert first["flaky"]
    assert second["flaky"]
    assert (first["response"]["status"], second["response"]["status"]) == (status, 200)
    assert "1 flaky" in report["headline"]
    assert account.left() == []


def test_retry_comes_last_in_its_state(account: StandIn, tmp_path: Path) -> None:
    account.step = 5  # an update lasts longer than all of its scenarios
    account.before = failing(2, 12, fault=FAILED)
    code, report, _ = night(account, tmp_path)

    assert code == 0
    assert "2 flaky" in report["headline"]
    states = [
        "missing" if b"-missing/" in request.body else "other"
        for request in account.requests
        if request.path == "/items"
    ]
    assert states[0] == "other"
    assert states.index("missing") > 3
    assert account.calls.count("UpdateDataset") == 1


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [(FAILED, 1, "broken"), (BUSY, 2, "not reached"), ("reset", 2, "not reached")],
    ids=["500", "503", "reset"],
)
def test_repeated_failure_counts(
    fault: Fault, code: int, status: str, account: StandIn, tmp_path: Path
) -> None:
    def always(name: str, request: Request) -> Response | None:
        if name == "PutItems" and len(json.loads(request.body)["items"]) == 10:
            return failing(1, fault=fault)(name, request)
        return None

    account.before = always
    exit_status, report, stderr = night(account, tmp_path, "-kitems-1 or items-10 or items-11")
    assert exit_status == code
    (clause,) = (row for row in report["clauses"] if row["id"] == "request.items.max-members")
    assert clause["targets"]["live"]["status"] == status
    if fault == "reset":
        last = stderr.splitlines()[-1]
        assert "could not be done: network: " in last
        assert "Connection reset by peer" in last


def test_frequent_failures_are_not_retried(account: StandIn, tmp_path: Path) -> None:
    account.before = failing(2, 3, 4, 5, fault=FAILED)
    code, report, _ = night(account, tmp_path)
    assert code == 1
    assert "flaky" not in report["headline"]


def test_denial_from_then_on_exits_with_2(account: StandIn, tmp_path: Path) -> None:
    account.before = failing(*range(4, 99), fault=DENIED)
    code, report, stderr = night(account, tmp_path)
    assert code == 2
    assert "access denied: " in stderr.splitlines()[-1]
    assert report["summary"]["live"]["broken"] == 0
    # The first denied request, and a valid one that shows that the role itself is denied.
    assert account.calls.count("PutItems") == 5
    assert account.left() == []


def test_denial_of_one_request_leaves_its_clause_unreached(
    account: StandIn, tmp_path: Path
) -> None:
    account.before = failing(3, fault=DENIED)
    code, report, _ = night(account, tmp_path)
    assert code == 3
    assert report["obstacles"] == []
