"""An account behind one URL: the operations of the contract, the control plane, and STS."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Protocol

from personalize_contract.fake_account import aws_json, sts
from personalize_contract.fake_account.control_plane import ControlPlane
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service import core
from personalize_contract.service.store import Store


class Authenticate(Protocol):
    """Returns the error for a rejected request, as (code, message), or None."""

    def __call__(self, request: Request, /, *, service: str = ...) -> tuple[str, str] | None:
        """Authenticate a request to the service with this signing name."""


def answer(
    request: Request, store: Store, plane: ControlPlane, authenticate: Authenticate | None = None
) -> Response:
    """Answer one request to any of the three services.

    Args:
        request: the request; its protocol tells the service that it is for.
        store: the datasets.
        plane: the control plane of the same store.
        authenticate: the authentication; None to accept every request.
    """
    if sts.is_for(request):
        rejected = authenticate and authenticate(request, service="sts")
        return sts.error(403, *rejected) if rejected else sts.answer(request, plane.account)
    if "x-amz-target" in request.headers:
        rejected = authenticate and authenticate(request)
        response = aws_json.error(*rejected) if rejected else plane.answer(request)
        date = formatdate(plane.now(), usegmt=True)  # of the clock that things are made by
        return replace(response, headers={**response.headers, "date": date})
    plane.settle()
    return core.respond(request, store, authenticate)
