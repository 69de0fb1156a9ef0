"""The domains of AWS, as botocore's endpoint data has them: every partition, dual-stack too."""

from __future__ import annotations

import os
import unicodedata
from functools import cache

from botocore.loaders import Loader, create_loader


@cache
def _domains() -> frozenset[str]:
    """The DNS suffixes of every partition.

    Read from the data of the installed botocore and from the data that the user has put in its
    place: one of them may know a partition that the other doesn't.
    """
    own = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    found = set()
    for loader in (own, create_loader(os.environ.get("AWS_DATA_PATH"))):
        for partition in loader.load_data("partitions")["partitions"]:
            outputs = partition["outputs"]
            found |= {outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]}
    return frozenset(found)


def hostname(host: str) -> str:
    """A host name in the one form that is compared: lower case, ASCII dots, none at its end."""
    return (
        unicodedata.normalize("NFKC", host)
        .replace("\N{IDEOGRAPHIC FULL STOP}", ".")
        .lower()
        .rstrip(".")
    )


def is_aws_host(host: str) -> bool:
    """Whether a host is AWS's: a regional, FIPS, dual-stack or VPC endpoint of any partition."""
    name = hostname(host)
    return any(name == domain or name.endswith(f".{domain}") for domain in _domains())
