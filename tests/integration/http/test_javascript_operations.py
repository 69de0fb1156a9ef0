"""The AWS SDK for JavaScript v3 gets each documented outcome of all five operations from `serve`.

Run where Node is, with the packages that `python -m clients` installs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.command import environment
from integration.proxy.processes import serving
from integration.proxy.test_javascript import packages
from personalize_contract.model.contract import load, operations
from personalize_contract.model.datasets import State, dummies

SCRIPT = """
import * as sdk from "@aws-sdk/client-personalize-events";
const [url, calls] = [process.argv[2], JSON.parse(process.argv[3])];
const client = new sdk.PersonalizeEventsClient({
  endpoint: url, region: "us-east-1", maxAttempts: 1,
  credentials: { accessKeyId: "none", secretAccessKey: "none" },
});
const dated = (value) => value && typeof value === "object"
  ? Object.assign(value, Object.fromEntries(Object.entries(value).map(
      ([name, member]) => [name, ["sentAt", "timestamp"].includes(name) ? new Date(member * 1000)
        : dated(member)])))
  : value;
const outcomes = [];
for (const [operation, body] of calls) {
  const sent = client.send(new sdk[`${operation}Command`](dated(body)));
  outcomes.push(await sent.then((answer) => [answer.$metadata.httpStatusCode, ""],
    (error) => [error.$metadata.httpStatusCode, error.name]));
}
console.log(JSON.stringify(outcomes));
"""

RECORDS = {
    "PutItems": ("items", {"itemId": "tea"}),
    "PutUsers": ("users", {"userId": "ann"}),
    "PutActions": ("actions", {"actionId": "join"}),
    "PutEvents": ("eventList", {"eventType": "watch", "sentAt": 1719511760}),
    "PutActionInteractions": (
        "actionInteractions",
        {"actionId": "join", "sessionId": "v", "timestamp": 1719511760, "eventType": "Taken"},
    ),
}


def call(operation: str, resource: str, count: int = 1) -> tuple[str, dict[str, object]]:
    contract, (batch, record) = load(operation), RECORDS[operation]
    user = {"sessionId": "v", "userId": "ann"} if operation == "PutEvents" else {}
    return operation, {contract.resource: resource, **user, batch: [record] * count}


def test_javascript_gets_each_documented_outcome_of_all_operations(tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    (tmp_path / "node_modules").symlink_to(
        packages("javascript", "@aws-sdk/client-personalize-events")
    )
    (tmp_path / "call.mjs").write_text(SCRIPT, "utf-8")
    expected: dict[tuple[str, State, int], list[object]] = {}
    for operation in operations():
        expected[operation, "active", 1] = [200, ""]
        expected[operation, "active", 11] = [400, "InvalidInputException"]
        if operation != "PutEvents":  # its page documents no other error
            expected[operation, "missing", 1] = [404, "ResourceNotFoundException"]
            expected[operation, "in-use", 1] = [409, "ResourceInUseException"]
    calls = [
        call(operation, dummies(load(operation).resource_type)[state], count)
        for operation, state, count in expected
    ]
    with serving() as served:
        done = subprocess.run(
            ["node", "call.mjs", served.url, json.dumps(calls)],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == list(expected.values())
