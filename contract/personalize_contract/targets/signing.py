"""Signs requests as an SDK does: with SigV4, by botocore."""

from __future__ import annotations

import datetime as dt

from botocore.credentials import Credentials

from personalize_contract import clock
from personalize_contract.model.datasets import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY
from personalize_contract.model.exchange import Request
from personalize_contract.privacy.own_logs import unlogged

NAME = "personalize"
"""The signing name of the service (service model: signingName)."""

DUMMY_CREDENTIALS = Credentials(DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY)
"""Credentials for requests that only the reference service or a cassette answers."""

_SIGNATURE = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")


_LIFETIME = dt.timedelta(minutes=5)


def is_current(request: Request) -> bool:
    """Return whether AWS would still accept the time of a request's signature."""
    from botocore.auth import SIGV4_TIMESTAMP

    try:
        signed_at = dt.datetime.strptime(request.headers.get("x-amz-date", ""), SIGV4_TIMESTAMP)
    except ValueError:
        return False
    return abs(clock.now() - signed_at.replace(tzinfo=dt.UTC)) < _LIFETIME


@unlogged()
def signed(request: Request, credentials: Credentials, region: str) -> Request:
    """Return the request with a new signature for its URL, in place of any old one.

    Args:
        request: the request to send; its headers are signed too.
        credentials: the signer's credentials; a session token is sent along.
        region: the region of the service.
    """
    from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
    from botocore.awsrequest import AWSRequest

    headers = {name: value for name, value in request.headers.items() if name not in _SIGNATURE}
    headers["x-amz-date"] = clock.now().strftime(SIGV4_TIMESTAMP)
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    unsigned = AWSRequest(request.method, request.url, headers=headers, data=request.body)
    # Not by `add_auth`, which would use the test's frozen clock.
    unsigned.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(credentials, NAME, region)
    signature = signer.signature(
        signer.string_to_sign(unsigned, signer.canonical_request(unsigned)), unsigned
    )
    signed_headers = signer.signed_headers(signer.headers_to_sign(unsigned))
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(unsigned)}, "
        f"SignedHeaders={signed_headers}, Signature={signature}"
    )
    return Request(request.method, request.url, headers, request.body)
