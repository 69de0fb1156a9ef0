"""Messages: headers in any case, and the parts of a URL."""

import pytest

from personalize_contract.model.exchange import Exchange, Request, Response, headers, media_type


def test_header_names_become_lower_case() -> None:
    assert headers([("Content-Type", "text/plain"), (b"X-AMZN-RequestId", b"7")]) == {
        "content-type": "text/plain",
        "x-amzn-requestid": "7",
    }


def test_repeated_headers_are_joined() -> None:
    assert headers([("X-A", "1"), ("x-a", "2"), ("X-a", b"3")]) == {"x-a": "1, 2, 3"}


def test_non_ascii_bytes_survive_in_a_header() -> None:
    assert headers([("x", b"caf\xe9")]) == {"x": "caf\xe9"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("application/json", "application/json"),
        ("Application/JSON;charset=utf-8", "application/json"),
        (" application/json ; a=b", "application/json"),
        ("", ""),
    ],
)
def test_a_media_type_has_no_parameters(value: str, kind: str) -> None:
    assert media_type({"content-type": value}) == kind


def test_a_message_without_a_media_type_has_none() -> None:
    assert media_type({}) == ""


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("https://x.amazonaws.com/items", "/items", ""),
        ("https://x.amazonaws.com/items?a=1&b=2", "/items", "a=1&b=2"),
        ("https://x.amazonaws.com", "/", ""),
        ("http://[::1]:8080//items/", "//items/", ""),
        ("http://localhost/a%2Fb", "/a%2Fb", ""),
    ],
)
def test_the_parts_of_a_url_are_as_sent(url: str, path: str, query: str) -> None:
    request = Request("POST", url, {}, b"")

    assert (request.path, request.query) == (path, query)


def test_no_message_shows_its_headers_or_body() -> None:
    request = Request("POST", "http://x/items", {"authorization": "canary-1"}, b"canary-2")
    response = Response(200, "OK", {"x": "canary-3"}, b"canary-4")

    assert "canary" not in repr(Exchange(request, response))
