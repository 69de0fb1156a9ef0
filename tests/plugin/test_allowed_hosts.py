"""`personalize_allowed_hosts`: where a marked test may connect to."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
import socket

@pytest.mark.personalize_contract
def test_it():
    # TEST-NET-1: an address that nobody has, so that no test ever leaves this machine.
    with socket.socket() as connection:
        connection.settimeout(0.01)
        connection.connect(("192.0.2.1", 80))
"""


def test_other_hosts_are_refused_by_name(shop: Shop) -> None:
    shop.tests(TEST)
    result = shop.run("--tb=line")
    result.assert_outcomes(failed=1)
    assert "may not connect to 192.0.2.1" in text(result)
    assert "hosts in the ini key personalize_allowed_hosts are open to it" in text(result)


def test_allowed_host_is_not_refused(shop: Shop) -> None:
    shop.tests(TEST)
    shop.ini("personalize_allowed_hosts = 192.0.2.1")
    result = shop.run("--tb=line")
    assert "may not connect" not in text(result)


@pytest.mark.parametrize(
    "entry", ["example", "shop.example", "*.shop.example", "api.shop.example:9"]
)
def test_allowed_hosts_are_compared_exactly(shop: Shop, entry: str) -> None:
    shop.tests(TEST.replace("192.0.2.1", "api.shop.example"))
    shop.ini(f"personalize_allowed_hosts = {entry}")
    assert "may not connect to api.shop.example" in text(shop.run("--tb=line"))


def test_loopback_is_allowed_by_default(shop: Shop) -> None:
    shop.tests(
        """
        import socket

        @pytest.mark.personalize_contract
        def test_it():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
        """
    )
    shop.run().assert_outcomes(passed=1)


def test_an_unmarked_test_is_not_guarded(shop: Shop) -> None:
    shop.tests(TEST.replace("@pytest.mark.personalize_contract\n", ""))
    assert "may not connect" not in text(shop.run("--tb=line"))
