"""The control path of `serve`, by which tests in any language set faults while it runs.

`POST /personalize-contract/faults` with `{"fail": "ThrottlingException:2"}` makes the next two
requests fail; `GET` returns the number of pending failures.
"""

from __future__ import annotations

import json

from personalize_contract.errors import UsageError
from personalize_contract.model import strict_json
from personalize_contract.model.exchange import Request, Response
from personalize_contract.proxy.access import Respond
from personalize_contract.service import core
from personalize_contract.targets.faults import FaultInjector

PATH = "/personalize-contract/faults"


class Control:
    """Answers requests to the control path, and passes on all others.

    Args:
        respond: the function that answers all others.
        faults: the injector of faults.
    """

    def __init__(self, respond: Respond, faults: FaultInjector) -> None:
        self._respond, self._faults = respond, faults

    def __call__(self, request: Request) -> Response:
        """Return the response to a request."""
        if request.path != PATH:
            return self._respond(request)
        if request.method not in ("GET", "POST"):
            return core.error(405, "UsageError", f"{PATH} accepts GET and POST only")
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
        raise UsageError(
            f'{PATH} needs a body such as {{"fail": "FAULT[:TIMES]"}}, with a fault as of --fail'
        )
    return body["fail"]
