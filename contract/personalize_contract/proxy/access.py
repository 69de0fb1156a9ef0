"""Access to `serve`: it rejects the requests of web pages, and those without its token.

A web page in a browser on this machine can send requests to any port of loopback, but it can't
suppress the Origin header, nor send a loopback Host after DNS rebinding.
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
    """Return whether a host name or address is a loopback one."""
    name = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


class AccessCheck:
    """Passes requests to a function, or rejects them with a reason.

    Args:
        respond: the function.
        token: the required first part of each path, as in `/TOKEN/items`, removed before `respond`
            sees it; `""` for none.
        any_host: whether Host headers other than loopback are accepted.
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
        url = parts._replace(path=parts.path.removeprefix(self._prefix)).geturl()
        return self._respond(Request(request.method, url, request.headers, request.body))

    def _refusal(self, request: Request) -> str:
        host = urlsplit(request.url).netloc
        if not self._any_host and not is_loopback(urlsplit(request.url).hostname or ""):
            return f"the Host header {host[:80]!r} is not a loopback name"
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return f"it comes from a web page of {origin[:80]!r}"
        if request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
            return "it comes from a web page of another site"
        # Compared with the slash, so that the token has to be a whole part of the path.
        begin = f"{request.path}/"[: len(self._prefix) + 1]
        if self._prefix and not hmac.compare_digest(begin.encode(), f"{self._prefix}/".encode()):
            return "its path lacks the token of this run: use the URL exactly as printed"
        return ""
