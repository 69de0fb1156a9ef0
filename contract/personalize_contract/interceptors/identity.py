"""The default credentials and region of a test's clients."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from botocore.credentials import Credentials

from personalize_contract.model.datasets import REGION
from personalize_contract.targets.signing import DUMMY_CREDENTIALS


class Identity(NamedTuple):
    """The default credentials and region of a test's clients.

    They replace profiles, SSO and the metadata service.

    Args:
        credentials: the credentials of a client that gets none from its arguments or environment.
        region: the region of a client without one.
        unsigned: whether dummy credentials sign, even if a client has its own.
    """

    credentials: Credentials
    region: str
    unsigned: bool

    def resolve(self) -> tuple[str, str, str | None]:
        """Return access key, secret key and session token: the environment's, or these."""
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if key and secret:
            return key, secret, os.environ.get("AWS_SESSION_TOKEN") or None
        own = self.credentials
        return own.access_key, own.secret_key, own.token

    def region_for(self, name: str, value: Any) -> Any:
        """Return a configuration variable, with the default region if none is configured."""
        return value or self.region if name == "region" else value


DUMMY = Identity(DUMMY_CREDENTIALS, REGION, unsigned=True)
"""The identity of clients that reach only cassettes and the reference service."""
