"""The credentials and the region of a client whose environment gives it none."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from botocore.credentials import Credentials

from personalize_contract.model.datasets import REGION
from personalize_contract.targets.signing import DUMMY_CREDENTIALS


class Identity(NamedTuple):
    """Who a test's clients are, where they don't say it themselves.

    No profile, no SSO and no metadata service is asked for it.

    Args:
        credentials: of a client that is given none, by its arguments or by the environment.
        region: of a client that is given none.
        unsigned: whether dummy credentials sign whatever a client's own are.
    """

    credentials: Credentials
    region: str
    unsigned: bool

    def resolve(self) -> tuple[str, str, str | None]:
        """Return access key, secret key and session token: the environment's, else these."""
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if key and secret:
            return key, secret, os.environ.get("AWS_SESSION_TOKEN") or None
        own = self.credentials
        return own.access_key, own.secret_key, own.token

    def region_for(self, name: str, value: Any) -> Any:
        """Return a configuration variable; the region where none is configured."""
        return value or self.region if name == "region" else value


DUMMY = Identity(DUMMY_CREDENTIALS, REGION, unsigned=True)
"""Clients that reach nothing but cassettes and the reference service."""
