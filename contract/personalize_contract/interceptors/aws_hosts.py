"""Recognises our requests by URL, for HTTP clients that don't know operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from personalize_contract.model import contract
from personalize_contract.targets.aws_domains import hostname, is_aws_host

_PORTS = {"http": 80, "https": 443}


def ours(urls: Iterable[str]) -> Callable[[str], bool]:
    """Return a predicate of URLs that belong to an operation with a contract, at AWS or elsewhere.

    Args:
        urls: the URLs (scheme, host and port) of services outside AWS; read again at each call.
    """

    def is_ours(url: str) -> bool:
        try:
            parts = urlsplit(url)
            operation = contract.at(parts.path)
            return operation is not None and (
                _is_aws(parts.hostname or "", operation.service)
                or any(_origin(parts) == _origin(urlsplit(other)) for other in urls)
            )
        except ValueError:
            return False  # not a URL

    return is_ours


def is_of_aws(host: str) -> bool:
    """Return whether a host is AWS's for an operation with a contract."""
    services = {contract.load(name).service for name in contract.operations()}
    return any(_is_aws(host, service) for service in services)


def _origin(parts: SplitResult) -> tuple[str, int | None]:
    return hostname(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)


def _is_aws(host: str, service: str) -> bool:
    """Return whether a host is an endpoint of the service: regional, FIPS or VPC."""
    labels = hostname(host).split(".")
    return is_aws_host(host) and not {service, f"{service}-fips"}.isdisjoint(labels)
