"""A live endpoint whose answers a test can change, and `verify` against it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from helpers.command import DATASETS, run
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service.core import respond
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store

Change = Callable[[Request, Response], Response]


@contextlib.contextmanager
def listening(change: Change = lambda request, response: response) -> Iterator[str]:
    """Run a reference service with its answers passed through `change`; yields its URL."""
    store = Store()
    store.add_dummies()

    def answer(request: Request) -> Response:
        changed = change(request, respond(request, store))
        length = {"content-length": str(len(changed.body))}
        return replace(changed, headers={**changed.headers, **length})

    with HttpServer(answer) as server:
        yield server.url
    store.close()


def live(url: str, *arguments: str | Path) -> CompletedProcess[str]:
    """Run `verify --target live` against an endpoint."""
    return run("verify", "--target", "live", "--endpoint-url", url, *DATASETS, *arguments)


def report(path: Path) -> dict[str, dict[str, Any]]:
    """Return the clauses of a JSON report by id."""
    document = json.loads(path.read_text("utf-8"))
    return {clause["id"]: clause for clause in document["clauses"]}
