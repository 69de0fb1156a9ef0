"""Verifies SigV4 signatures with botocore's own signer: sign the request again and compare.

The codes are those that AWS SDKs know from front ends, with status 403; AWS's page "Common Errors"
names some of them differently.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Collection
from http.client import HTTPMessage

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from personalize_contract import clock
from personalize_contract.model.datasets import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION
from personalize_contract.model.exchange import Request

_CREDENTIALS = Credentials(DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY)
"""The credentials of clients of the reference service."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/,]+)"
    r"/(?P<service>[^/,]+)/aws4_request, ?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = dt.timedelta(minutes=5)


class _Signer(SigV4Auth):
    """Signs only the headers that the sender signed, at the sender's time."""

    def __init__(self, signed: list[str], service: str, region: str) -> None:
        super().__init__(_CREDENTIALS, service, region)
        self._signed = signed

    def headers_to_sign(self, request: AWSRequest) -> HTTPMessage:
        chosen = super().headers_to_sign(request)
        # botocore omits some headers that other clients sign.
        for name in self._signed:
            if name not in chosen and name in request.headers:
                chosen[name] = request.headers[name]
        for name in set(chosen.keys()) - set(self._signed):
            del chosen[name]
        return chosen


def rejection(
    request: Request,
    now: dt.datetime | None = None,
    service: str = "personalize",
    regions: Collection[str] = (REGION,),
) -> tuple[str, str] | None:
    """Return the error for a request's signature, as (code, message), or None if it is valid.

    Args:
        request: the request, with the URL that the sender signed (its Host header).
        now: the service's time in UTC; None for the clock's.
        service: the signing name of the service.
        regions: the regions of the service.
    """
    sent = request.headers.get("authorization")
    if not sent:
        return "MissingAuthenticationTokenException", "The request has no Authorization header."
    parts = _AUTHORIZATION.fullmatch(sent)
    stamp = request.headers.get("x-amz-date", "")
    try:
        signed_at = dt.datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=dt.UTC)
    except ValueError:
        parts = None
    if not parts:
        return "IncompleteSignatureException", "Authorization or X-Amz-Date is not SigV4."
    if parts["key"] != DUMMY_ACCESS_KEY:
        return "UnrecognizedClientException", "The access key is unknown to this service."
    if abs((now or clock.now()) - signed_at) > _SKEW:
        return _invalid("Signature expired: the clocks are 5 minutes apart.")
    if parts["date"] != stamp[:8]:
        return _invalid("The credential is scoped to another day than X-Amz-Date.")
    if parts["service"] != service:
        return _invalid(f"The credential is scoped to another service than {service}.")
    if parts["region"] not in regions:
        return _invalid(f"The credential is scoped to another region: {parts['region']}")
    signed = parts["headers"].split(";")
    if not {"host", "x-amz-date"} <= set(signed):
        return "IncompleteSignatureException", "Host and X-Amz-Date must be signed."
    for name in request.headers:
        if name.startswith("x-amz-") and name not in signed:
            return _invalid(f"{name} must be signed, like every X-Amz header.")
    digest = request.headers.get("x-amz-content-sha256")
    if digest and digest != hashlib.sha256(request.body).hexdigest():
        return _invalid("X-Amz-Content-Sha256 is not the digest of the body.")
    again = AWSRequest(request.method, request.url, data=request.body)
    for name, value in request.headers.items():
        if name in signed:
            again.headers[name] = value
    again.context["timestamp"] = stamp
    signer = _Signer(signed, parts["service"], parts["region"])
    canonical = signer.canonical_request(again)
    expected = signer.signature(signer.string_to_sign(again, canonical), again)
    if not hmac.compare_digest(expected, parts["signature"]):
        return _invalid("The signature does not match the request and the secret key.")
    return None


def _invalid(why: str) -> tuple[str, str]:
    return "InvalidSignatureException", why
