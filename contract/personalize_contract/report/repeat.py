"""Commands that repeat one scenario, to paste into a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_contract.report.view import RunFacts

_KEYS = "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"


def verify(operation: str, target: str, scenario: str, facts: RunFacts) -> str:
    """Return the command that asks a target for one scenario.

    Accounts and datasets aren't in a report, so those of a live run are left to add.
    """
    words = ["personalize-contract", "verify", "--operation", operation, "--target", target]
    if target == "live":
        words += ["--region", facts.region] if facts.region else []
        if facts.endpoint and not facts.is_aws:
            words += ["--endpoint-url", facts.endpoint]
    return shlex.join([*words, "-k", scenario])


def curl(request: Mapping[str, Any], facts: RunFacts) -> str:
    """Return the curl command for a request of a report; `""` if its body isn't shown whole.

    Item properties, accounts and credentials are left out of it, as out of the report.
    """
    try:
        json.loads(request["body"] or "{}")
    except ValueError:
        return ""
    endpoint = facts.endpoint or "https://personalize-events.$AWS_REGION.amazonaws.com"
    region = facts.region or "$AWS_REGION"
    words = ["curl", "-X", shlex.quote(request["method"])]
    headers = {name.lower(): value for name, value in request["headers"].items()}
    if "authorization" in headers:
        words += ["--aws-sigv4", f'"aws:amz:{region}:personalize"', "--user", f'"{_KEYS}"']
        words += ["-H", '"x-amz-security-token: $AWS_SESSION_TOKEN"']
    if "content-type" in headers:
        words += ["-H", shlex.quote(f"content-type: {headers['content-type']}")]
    if request["body"]:
        words += ["--data-binary", shlex.quote(request["body"])]
    path = shlex.quote(request["path"])
    return " ".join([*words, f'"{endpoint}"{path}'])
