"""Signs requests as an SDK does: SigV4, by botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_contract.model.exchange import Request

if TYPE_CHECKING:
    from botocore.credentials import Credentials

NAME = "personalize"
"""The service's signing name (service model: signingName)."""

_SIGNATURE = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")


def signed(request: Request, credentials: Credentials, region: str) -> Request:
    """The request with a new signature for its URL; an old one is taken off.

    Args:
        request: what to send; its headers are signed with it.
        credentials: whose signature; a session token is sent along.
        region: that the service is in.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    kept = {name: value for name, value in request.headers.items() if name not in _SIGNATURE}
    unsigned = AWSRequest(request.method, request.url, headers=kept, data=request.body)
    SigV4Auth(credentials, NAME, region).add_auth(unsigned)
    headers = {name.lower(): value for name, value in unsigned.headers.items()}
    return Request(request.method, request.url, headers, request.body)
