"""The door of `serve`: whose requests are taken.

A web page that somebody looks at can send requests to any port of loopback. What it can't do is
leave out that it did, or say the name of loopback while it asks for a name of its own.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from personalize_contract.model.exchange import Request, Response
from personalize_contract.service import core

Respond = Callable[[Request], Response]

_OWN_SITE = ("same-origin", "none")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is of loopback."""
    name = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


class Door:
    """Lets requests through to a function, or refuses them with a sentence.

    Args:
        respond: the function behind it.
        token: begins the path of each request, as `/TOKEN/items`; `""` for none. It is taken off.
        any_host: whether this machine is reached by names other than loopback's.
    """

    def __init__(self, respond: Respond, *, token: str = "", any_host: bool = False) -> None:
        self._respond, self._any_host = respond, any_host
        self._prefix = f"/{token}" if token else ""

    def __call__(self, request: Request) -> Response:
        """Return the response to a request."""
        if refusal := self._refusal(request):
            return core.error(403, "Refused", f"{refusal}; nothing was sent")
        if not self._prefix:
            return self._respond(request)
        parts = urlsplit(request.url)
        inside = parts._replace(path=parts.path.removeprefix(self._prefix)).geturl()
        return self._respond(Request(request.method, inside, request.headers, request.body))

    def _refusal(self, request: Request) -> str:
        host = urlsplit(request.url).netloc
        if not self._any_host and not is_loopback(urlsplit(request.url).hostname or ""):
            return f"the Host header {host[:80]!r} is no name of loopback"
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return f"it comes from a page of {origin[:80]!r}"
        if request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
            return "it comes from a page of another site"
        # What follows the prefix begins the path of the operation.
        begin = f"{request.path}/"[: len(self._prefix) + 1]
        if self._prefix and not hmac.compare_digest(begin.encode(), f"{self._prefix}/".encode()):
            return "its path lacks the token of this run: use the URL as it was printed"
        return ""
