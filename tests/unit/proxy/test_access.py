"""Access to `serve`: web pages are rejected, and requests to AWS need the token of the run."""

from __future__ import annotations

import pytest

from personalize_contract.model.exchange import Request, Response
from personalize_contract.proxy.access import AccessCheck, is_loopback

HOST = "127.0.0.1:8000"


def send(parts: dict[str, str], *, token: str = "", any_host: bool = False) -> tuple[int, str]:
    """Return the status of the response, and the path that came through."""
    paths: list[str] = []

    def respond(request: Request) -> Response:
        paths.append(request.path)
        return Response(200, "OK", {}, b"")

    host, path = parts.get("host", HOST), parts.get("path", "/items")
    headers = {name.replace("_", "-"): value for name, value in parts.items()}
    request = Request("POST", f"http://{host}{path}", headers, b"{}")
    status = AccessCheck(respond, token=token, any_host=any_host)(request).status
    return status, "".join(paths)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"host": "localhost:8000"},
        {"host": "[::1]:8000"},
        {"origin": f"http://{HOST}"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_local_clients_are_accepted(parts: dict[str, str]) -> None:
    assert send(parts) == (200, "/items")


@pytest.mark.parametrize(
    "parts",
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
def test_web_pages_are_rejected(parts: dict[str, str]) -> None:
    assert send(parts) == (403, "")


def test_any_host_accepts_other_names_but_no_web_pages() -> None:
    other = {"host": "personalize:8000"}

    assert send(other, any_host=True) == (200, "/items")
    assert send({**other, "origin": "http://shop.example"}, any_host=True)[0] == 403


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
def test_a_path_without_the_token_is_rejected(path: str, through: str) -> None:
    assert send({"path": path}, token="token") == (200 if through else 403, through)


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
def test_loopback_hosts_are_recognised(host: str, local: bool) -> None:
    assert is_loopback(host) is local
