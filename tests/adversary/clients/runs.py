"""The requests of a client, and its understanding of the answers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adversary.clients.installed import CLIENTS, command
from helpers.command import ACTIVE, IN_USE, MISSING, environment
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service import signatures
from personalize_contract.service.core import respond
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

TEA = [{"itemId": "th\N{LATIN SMALL LETTER E WITH ACUTE}", "properties": '{"category": "tea"}'}]
CALLS = [
    {"datasetArn": ACTIVE, "items": TEA},
    {"datasetArn": ACTIVE, "items": TEA * 11},
    {"datasetArn": MISSING, "items": TEA},
    {"datasetArn": IN_USE, "items": TEA},
]
EXPECTED = [
    [200, ""],
    [400, "InvalidInputException"],
    [404, "ResourceNotFoundException"],
    [409, "ResourceInUseException"],
]
"""The expected outcome of each of `CALLS`, as status and error code."""

_COLUMNS = (
    "client",
    "tried with",
    "body",
    "Content-Type",
    "Accept",
    "Accept-Encoding",
    "signed",
    "more",
)
_USUAL = {
    *("accept", "accept-encoding", "authorization", "connection", "content-length"),
    *("content-type", "host", "user-agent", "x-amz-date"),
}


@dataclass(frozen=True)
class ClientRun:
    """The answers as a client understood them, and its first request as received."""

    outcomes: list[list[object]]
    version: str
    sent: Request

    def row(self) -> list[str]:
        """Return the characteristics of its request, as cells of `table`."""
        headers = self.sent.headers
        signed = re.search(r"SignedHeaders=([^,]+)", headers.get("authorization", ""))
        text = self.sent.body.decode()
        blanks = "with blanks" if '"datasetArn": ' in text else "without blanks"
        letters = "ASCII" if text.isascii() else "UTF-8"
        more = sorted(set(headers) - _USUAL)
        return [
            f"{letters}, {blanks}",
            headers.get("content-type", "none"),
            headers.get("accept", "none"),
            headers.get("accept-encoding", "none"),
            signed[1].replace(";", " ") if signed else "not at all",
            " ".join(more) or "nothing",
        ]


def run_client(name: str) -> ClientRun:
    """Install a client if necessary, and let it make the calls."""
    script = command(CLIENTS[name])
    requests: list[Request] = []
    store = Store()
    store.add_dummies()

    def answer(request: Request) -> Response:
        requests.append(request)
        return respond(request, store, signatures.rejection)

    keys = DUMMY_CREDENTIALS
    with HttpServer(answer) as server:
        done = subprocess.run(
            [*script, server.url, json.dumps(CALLS)],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
            env=environment(
                AWS_ACCESS_KEY_ID=str(keys.access_key),
                AWS_SECRET_ACCESS_KEY=str(keys.secret_key),
                AWS_DEFAULT_REGION="us-east-1",
                AWS_REGION="us-east-1",
                AWS_MAX_ATTEMPTS="1",
            ),
        )
    store.close()
    output = json.loads(done.stdout.splitlines()[-1])
    return ClientRun(output["outcomes"], output["version"], requests[0])


def table(rows: Mapping[str, Sequence[str]]) -> str:
    """Return the table of docs/clients.md."""
    lines = [_COLUMNS, ("---",) * len(_COLUMNS)]
    lines += [(name, *cells) for name, cells in rows.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
