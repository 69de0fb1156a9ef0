"""Where the page of an operation says what a clause says."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from personalize_contract.model.contract import Contract

_SECTIONS = {
    "Request Syntax": "RequestSyntax",
    "URI Request Parameters": "RequestParameters",
    "Request Body": "RequestBody",
    "Response Elements": "ResponseElements",
    "Errors": "Errors",
}
"""The sections of an API reference, and how their anchors end."""


def link(contract: Contract, source: str) -> str:
    """The URL of the section that a clause is from; `""` if it is from no section of the page.

    >>> from personalize_contract.model.contract import load
    >>> link(load("PutItems"), "Request Body: items").rpartition("#")[2]
    'personalize-UBS_PutItems-request-items'
    """
    section, _, member = source.partition(": ")
    if section not in _SECTIONS:
        return ""
    name = PurePosixPath(urlsplit(contract.page).path).stem
    if section == "Request Body" and member:
        return f"{contract.page}#personalize-{name.removeprefix('API_')}-request-{member}"
    return f"{contract.page}#{name}_{_SECTIONS[section]}"
