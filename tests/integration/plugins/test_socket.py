"""pytest-socket."""

from __future__ import annotations

import pytest

from helpers.shop import text

from .conftest import RepoWith

PLUGIN = "pytest_socket"

TESTS = """
import socket

@pytest.mark.personalize_contract
def test_replayed():
    put(2)

def test_in_process(personalize_service):
    put(2)
    assert len(personalize_service.items(ACTIVE)) == 2

def test_unmarked():
    socket.socket().connect(("192.0.2.1", 9))
"""


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--disable-socket", "--allow-unix-socket"], "SocketBlockedError"),
        (["--allow-hosts=127.0.0.1"], "SocketConnectBlockedError"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_pytest_socket_blocks_unmarked_tests_only(
    repo_with: RepoWith, options: list[str], error: str
) -> None:
    shop = repo_with(PLUGIN)
    shop.tests(TESTS)
    shop.record("-k", "replayed", *options).assert_outcomes(passed=1, deselected=2)
    result = shop.run(*options)
    result.assert_outcomes(passed=2, failed=1)
    assert error in text(result)


def test_a_host_must_be_allowed_by_both_plugins(repo_with: RepoWith) -> None:
    shop = repo_with(PLUGIN)
    shop.tests(
        """
        import socket

        @pytest.mark.personalize_contract
        @pytest.mark.parametrize("host", ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        def test_it(host):
            with socket.socket() as client:
                client.settimeout(0.01)
                client.connect((host, 9))
        """
    )
    shop.ini("personalize_allowed_hosts =", "    192.0.2.1", "    192.0.2.2")
    result = shop.run("--allow-hosts=192.0.2.1,192.0.2.3", "--tb=line")
    result.assert_outcomes(failed=3)
    failures = [line for line in result.outlines if line.startswith("FAILED")]
    assert "SocketConnectBlockedError" not in failures[0]
    assert "NetworkRefused" not in failures[0]
    assert "SocketConnectBlockedError" in failures[1]
    assert "NetworkRefused" in failures[2]
