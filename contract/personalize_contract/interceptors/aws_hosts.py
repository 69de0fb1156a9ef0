"""Which requests are ours, told by their URL: for the clients that know no operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from personalize_contract.model import contract
from personalize_contract.targets.aws_domains import hostname, is_aws_host

_PORTS = {"http": 80, "https": 443}


def ours(urls: Iterable[str]) -> Callable[[str], bool]:
    """Whether a URL is of an operation with a contract: at AWS, or at one of these URLs.

    Args:
        urls: of services that are not at AWS; scheme, host and port. Read again each time.
    """

    def is_ours(url: str) -> bool:
        try:
            parts = urlsplit(url)
            operation = contract.at(parts.path)
            return operation is not None and (
                _is_aws(parts.hostname or "", operation.service)
                or any(_place(parts) == _place(urlsplit(one)) for one in urls)
            )
        except ValueError:
            return False  # no URL at all

    return is_ours


def is_of_aws(host: str) -> bool:
    """Whether a host is that of an operation with a contract, at AWS."""
    services = {contract.load(name).service for name in contract.operations()}
    return any(_is_aws(host, service) for service in services)


def _place(parts: SplitResult) -> tuple[str, int | None]:
    return hostname(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)


def _is_aws(host: str, service: str) -> bool:
    """Whether a host is the service's: its own, the FIPS one, or that of a VPC endpoint."""
    labels = hostname(host).split(".")
    return is_aws_host(host) and not {service, f"{service}-fips"}.isdisjoint(labels)
