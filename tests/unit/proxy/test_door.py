"""The door of `serve`: a web page gets no answer, and AWS is asked for the run's token only."""

from __future__ import annotations

import pytest

from personalize_contract.model.exchange import Request, Response
from personalize_contract.proxy.door import Door, is_loopback

HOST = "127.0.0.1:8000"


def asked(what: dict[str, str], *, token: str = "", any_host: bool = False) -> tuple[int, str]:
    """The status of the answer, and the path that came through."""
    seen: list[str] = []

    def respond(request: Request) -> Response:
        seen.append(request.path)
        return Response(200, "OK", {}, b"")

    host, path = what.get("host", HOST), what.get("path", "/items")
    headers = {name.replace("_", "-"): value for name, value in what.items()}
    request = Request("POST", f"http://{host}{path}", headers, b"{}")
    status = Door(respond, token=token, any_host=any_host)(request).status
    return status, "".join(seen)


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"host": "localhost:8000"},
        {"host": "[::1]:8000"},
        {"origin": f"http://{HOST}"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_a_client_is_let_in(what: dict[str, str]) -> None:
    assert asked(what) == (200, "/items")


@pytest.mark.parametrize(
    "what",
    [
        {"host": "shop.example"},
        {"host": "localhost.shop.example"},
        {"host": "127.0.0.1.shop.example:8000"},
        {"origin": "http://shop.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9000"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_a_page_is_not(what: dict[str, str]) -> None:
    assert asked(what) == (403, "")


def test_other_names_are_for_whoever_listens_on_them() -> None:
    other = {"host": "personalize:8000"}

    assert asked(other, any_host=True) == (200, "/items")
    assert asked({**other, "origin": "http://shop.example"}, any_host=True)[0] == 403


@pytest.mark.parametrize(
    ("path", "through"),
    [
        ("/token/items", "/items"),
        ("/token", "/"),
        ("/items", ""),
        ("/", ""),
        ("/toke/items", ""),
        ("/tokens/items", ""),
        ("/TOKEN/items", ""),
        ("//token/items", ""),
    ],
)
def test_without_the_token_nobody_is(path: str, through: str) -> None:
    assert asked({"path": path}, token="token") == (200 if through else 403, through)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nobody listens
        ("::", False),
        ("10.0.0.1", False),
        ("shop.example", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_elsewhere(host: str, local: bool) -> None:
    assert is_loopback(host) is local
