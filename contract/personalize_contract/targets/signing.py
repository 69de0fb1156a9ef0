"""Signs requests as an SDK does: SigV4, by botocore."""

from __future__ import annotations

import datetime as dt

from botocore.credentials import Credentials

from personalize_contract import clock
from personalize_contract.model.datasets import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY
from personalize_contract.model.exchange import Request
from personalize_contract.privacy.own_logs import unlogged

NAME = "personalize"
"""The service's signing name (service model: signingName)."""

DUMMY_CREDENTIALS = Credentials(DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY)
"""Sign for nobody: whatever only the reference service or a cassette answers."""

_SIGNATURE = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")


_LIFETIME = dt.timedelta(minutes=5)


def is_current(request: Request) -> bool:
    """Whether AWS would still take the time that a request was signed at."""
    from botocore.auth import SIGV4_TIMESTAMP

    try:
        signed_at = dt.datetime.strptime(request.headers.get("x-amz-date", ""), SIGV4_TIMESTAMP)
    except ValueError:
        return False
    return abs(clock.now() - signed_at.replace(tzinfo=dt.UTC)) < _LIFETIME


@unlogged()
def signed(request: Request, credentials: Credentials, region: str) -> Request:
    """The request with a new signature for its URL; an old one is taken off.

    Args:
        request: what to send; its headers are signed with it.
        credentials: whose signature; a session token is sent along.
        region: that the service is in.
    """
    from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
    from botocore.awsrequest import AWSRequest

    kept = {name: value for name, value in request.headers.items() if name not in _SIGNATURE}
    kept["x-amz-date"] = clock.now().strftime(SIGV4_TIMESTAMP)
    if credentials.token:
        kept["x-amz-security-token"] = credentials.token
    unsigned = AWSRequest(request.method, request.url, headers=kept, data=request.body)
    # Not by `add_auth`, which would take the time from the test's clock.
    unsigned.context["timestamp"] = kept["x-amz-date"]
    signer = SigV4Auth(credentials, NAME, region)
    signature = signer.signature(
        signer.string_to_sign(unsigned, signer.canonical_request(unsigned)), unsigned
    )
    signed_headers = signer.signed_headers(signer.headers_to_sign(unsigned))
    kept["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(unsigned)}, "
        f"SignedHeaders={signed_headers}, Signature={signature}"
    )
    return Request(request.method, request.url, kept, request.body)
