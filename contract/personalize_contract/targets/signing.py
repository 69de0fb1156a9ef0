"""Signs requests as an SDK does: SigV4, by botocore."""

from __future__ import annotations

from botocore.credentials import Credentials

from personalize_contract.model.datasets import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY
from personalize_contract.model.exchange import Request

NAME = "personalize"
"""The service's signing name (service model: signingName)."""

DUMMY_CREDENTIALS = Credentials(DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY)
"""Sign for nobody: whatever only the reference service or a cassette answers."""

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
