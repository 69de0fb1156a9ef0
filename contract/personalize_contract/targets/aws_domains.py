"""The DNS domains of AWS from botocore's endpoint data: every partition, dual-stack included."""

from __future__ import annotations

import os
import unicodedata
from functools import cache

from botocore.loaders import Loader, create_loader


@cache
def _domains() -> frozenset[str]:
    """Return the DNS suffixes of every partition.

    They come from the installed botocore's data and from the user's (`AWS_DATA_PATH`), since either
    may know a partition that the other doesn't.
    """
    own = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    suffixes = set()
    for loader in (own, create_loader(os.environ.get("AWS_DATA_PATH"))):
        for partition in loader.load_data("partitions")["partitions"]:
            outputs = partition["outputs"]
            suffixes |= {outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]}
    return frozenset(suffixes)


def hostname(host: str) -> str:
    """Normalise a host name for comparison: lower case, ASCII dots, no trailing dot."""
    return (
        unicodedata.normalize("NFKC", host)
        .replace("\N{IDEOGRAPHIC FULL STOP}", ".")
        .lower()
        .rstrip(".")
    )


def is_aws_host(host: str) -> bool:
    """Return whether a host belongs to AWS: a regional, FIPS, dual-stack or VPC endpoint."""
    name = hostname(host)
    return any(name == domain or name.endswith(f".{domain}") for domain in _domains())
