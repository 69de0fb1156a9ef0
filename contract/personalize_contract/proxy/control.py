"""The control path of `serve`: faults, set by the tests of any language while it runs.

`POST /personalize-contract/faults` with `{"fail": "ThrottlingException:2"}` makes the next two
requests fail; `GET` tells how many failures are still to come.
"""

from __future__ import annotations

import json

from personalize_contract.errors import UsageError
from personalize_contract.model import strict_json
from personalize_contract.model.exchange import Request, Response
from personalize_contract.proxy.door import Respond
from personalize_contract.service import core
from personalize_contract.targets.faults import FaultInjector

PATH = "/personalize-contract/faults"


class Control:
    """Answers what is sent to the control path, and hands on everything else.

    Args:
        respond: answers everything else.
        faults: that are set.
    """

    def __init__(self, respond: Respond, faults: FaultInjector) -> None:
        self._respond, self._faults = respond, faults

    def __call__(self, request: Request) -> Response:
        """Return the response to a request."""
        if request.path != PATH:
            return self._respond(request)
        if request.method not in ("GET", "POST"):
            return core.error(405, "UsageError", f"{PATH} takes GET and POST")
        try:
            if request.method == "POST":
                self._faults.fail_as(_fault(request))
        except UsageError as error:
            return core.error(400, "UsageError", str(error))
        body = json.dumps({"waiting": self._faults.waiting}).encode()
        return core.response(200, body, ("content-type", "application/json"))


def _fault(request: Request) -> str:
    try:
        body = strict_json.loads(request.body)
    except strict_json.NotJson:
        body = None
    if not isinstance(body, dict) or list(body) != ["fail"] or not isinstance(body["fail"], str):
        raise UsageError(f'{PATH} takes {{"fail": "FAULT[:TIMES]"}}, as --fail does')
    return body["fail"]
