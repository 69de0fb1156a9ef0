"""Exchanges in botocore's form, and hypothesis strategies for arbitrary ones."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from helpers.command import ACTIVE
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance

URL = "https://personalize-events.us-east-1.amazonaws.com/items"

Json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def put(*properties: Any, arn: str = ACTIVE, first: int = 0) -> bytes:
    """Return a body in botocore's form, with one item for each argument."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in properties]
    items = [
        {"itemId": f"tea-{number}", "properties": text} for number, text in enumerate(texts, first)
    ]
    return json.dumps({"datasetArn": arn, "items": items}).encode()


def request(body: bytes = b"", url: str = URL, **headers: str) -> Request:
    sent = {"content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return Request("POST", url, sent, body)


def exchange(body: bytes = b"", status: int = 200, answer: bytes = b"") -> Exchange:
    received = {"x-amzn-requestid": "2e987eac-0737-4f23-a3d5-12a4c9afa9ae"}
    return Exchange(request(body), Response(status, "OK", received, answer), "reference")


_characters = st.characters(exclude_categories=["Cs"])
_words = st.text(_characters, max_size=40)
_headers = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), _words, max_size=3
)
bodies = (
    st.binary(max_size=300)
    | _words.map(str.encode)
    | Json.map(lambda value: json.dumps(value).encode())
    | st.lists(Json, min_size=1, max_size=3).map(lambda values: put(*values))
)

exchanges = st.builds(
    Exchange,
    st.builds(Request, _words, _words, _headers, bodies),
    st.builds(Response, st.integers(100, 599), _words, _headers, bodies),
    st.just("reference"),
)

provenances = st.builds(
    Provenance,
    st.just("reference"),
    *[_words] * 5,
)
