"""The environment of a child process, which directs AWS SDKs to the endpoint of the test.

Every SDK that reads the endpoint variable sends to the endpoint, even if a profile says otherwise.
An SDK that doesn't read it gets credentials that grant access to nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from personalize_contract.model.datasets import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY

ENDPOINT = "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS"

_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")

_SET = {
    "AWS_ACCESS_KEY_ID": DUMMY_ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": DUMMY_SECRET_KEY,
    "AWS_EC2_METADATA_DISABLED": "true",
}

_REMOVED = (
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    # With any of these, an SDK ignores or rejects the endpoint.
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)

_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
_UNPROXIED = ("no_proxy", "NO_PROXY")
_LOOPBACK = "127.0.0.1"


def changes(environment: Mapping[str, str], url: str, region: str) -> dict[str, str | None]:
    """Return the changes that a child's environment needs.

    Args:
        environment: the environment that its parent passes to it.
        url: the URL of the endpoint.
        region: the region, if the environment has none.

    Returns:
        The value of each variable; None for one to remove.
    """
    values: dict[str, str | None] = dict.fromkeys(_REMOVED) | _SET | {ENDPOINT: url}
    values |= {name: environment.get(name) or region for name in _REGION}
    if any(environment.get(name) for name in _PROXIES):
        for name in _UNPROXIED:
            hosts = environment.get(name, "")
            values[name] = f"{hosts},{_LOOPBACK}" if hosts else _LOOPBACK
    return values


def changed(environment: Mapping[str, str], values: Mapping[str, str | None]) -> dict[str, str]:
    """Return an environment with changes applied."""
    merged = {**environment, **values}
    return {name: value for name, value in merged.items() if value is not None}


def apply(values: dict[str, str | None]) -> None:
    """Apply changes to the environment of this process, a child."""
    merged = changed(os.environ, values)
    os.environ.clear()
    os.environ.update(merged)


class ApplyOnUnpickle:
    """Applies changes to the environment of the process that unpickles it.

    Args:
        values: the changes, as returned by `changes`.
    """

    def __init__(self, values: dict[str, str | None]) -> None:
        self._values = values

    def __reduce__(self) -> tuple[object, tuple[dict[str, str | None]]]:
        """Make unpickling call `apply` in the child."""
        return apply, (self._values,)
