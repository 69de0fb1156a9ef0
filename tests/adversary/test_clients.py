"""Clients that nobody here wrote understand the service, and send what docs/clients.md says.

Those that need an environment of their own are run by `python tests/adversary clients`.
"""

from pathlib import Path

import pytest

from adversary.clients.asked import TOLD, Asked, asked
from adversary.clients.installed import CLIENTS

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
HERE = [name for name, client in CLIENTS.items() if not client.alone]
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| ")
    for cells in [[cell.strip() for cell in line.strip("|").split(" | ")]]
}


@pytest.fixture(scope="module", params=HERE)
def client(request: pytest.FixtureRequest) -> tuple[str, Asked]:
    return request.param, asked(request.param)


def test_it_is_told_each_documented_answer(client: tuple[str, Asked]) -> None:
    assert client[1].told == TOLD


def test_what_it_sends_is_written_down(client: tuple[str, Asked]) -> None:
    name, found = client

    assert found.row() == ROWS[name][1:]


def test_every_client_is_written_down() -> None:
    assert [name for name in ROWS if name in CLIENTS] == list(CLIENTS)
