"""Third-party clients understand the service, and send requests as in docs/clients.md.

`python tests/adversary clients` runs those that need a separate environment.
"""

from pathlib import Path

import pytest

from adversary.clients.installed import CLIENTS
from adversary.clients.runs import EXPECTED, ClientRun, run_client

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
HERE = [name for name, client in CLIENTS.items() if not client.alone]
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| ")
    for cells in [[cell.strip() for cell in line.strip("|").split(" | ")]]
}


@pytest.fixture(scope="module", params=HERE)
def client(request: pytest.FixtureRequest) -> tuple[str, ClientRun]:
    return request.param, run_client(request.param)


def test_a_client_understands_each_documented_answer(client: tuple[str, ClientRun]) -> None:
    assert client[1].outcomes == EXPECTED


def test_the_requests_of_a_client_are_documented(client: tuple[str, ClientRun]) -> None:
    name, result = client

    assert result.row() == ROWS[name][1:]


def test_every_client_is_documented() -> None:
    assert [name for name in ROWS if name in CLIENTS] == list(CLIENTS)
