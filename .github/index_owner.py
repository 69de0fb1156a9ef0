"""Refuse a release unless the index's project is published from this repository.

    python .github/index_owner.py INDEX PROJECT OWNER/REPOSITORY

INDEX is the URL of the index's simple API (PEP 691). The owner of a project is the publisher in
the provenance (PEP 740) of its newest file. A project that the index doesn't have yet passes: its
first release creates it, and only a publisher that is registered with the index can do that.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SIMPLE_API = "application/vnd.pypi.simple.v1+json"
PROVENANCE = "application/vnd.pypi.integrity.v1+json, application/json;q=0.5"
TIMEOUT = 30
"""Time-out of each request in seconds."""


def fetch(url: str, media_type: str) -> Any:
    """Return the JSON document at this URL."""
    if not url.startswith(("https://", "http://127.0.0.1:")):
        sys.exit(f"{url}: not an https URL")
    request = Request(url, headers={"Accept": media_type})  # noqa: S310  # the scheme is checked above
    with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        return json.load(response)


def publishers(index: str, project: str) -> set[str] | None:
    """Return the repositories that published the newest file, None if there is no project."""
    try:
        page = fetch(f"{index.rstrip('/')}/{project}/", SIMPLE_API)
    except HTTPError as error:
        if error.code == 404:
            return None
        raise
    files: list[dict[str, Any]] = page["files"]
    newest = max(files, key=lambda file: str(file.get("upload-time", "")), default={})
    if not newest.get("provenance"):
        return set()
    bundles = fetch(newest["provenance"], PROVENANCE)["attestation_bundles"]
    return {str(bundle["publisher"].get("repository", "unknown")) for bundle in bundles}


def main(index: str, project: str, repository: str) -> None:
    """Exit with a message if a release has to be refused."""
    if not index:
        sys.exit(
            f"refused: no index is configured. Once one has our project {project}, or a pending "
            f"publisher for {repository}, set the repository variable RELEASE_INDEX to the URL of "
            "its simple API"
        )
    repositories = publishers(index, project)
    if repositories is None:
        print(f"the index has no project {project} yet: this release creates it")
    elif {name.casefold() for name in repositories} != {repository.casefold()}:
        others = ", ".join(sorted(repositories)) or "an unknown publisher (no provenance)"
        sys.exit(f"refused: the newest file of {project} is from {others}, not from {repository}")
    else:
        print(f"the newest file of {project} is from {repository}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python .github/index_owner.py INDEX PROJECT OWNER/REPOSITORY")
    main(*sys.argv[1:])
