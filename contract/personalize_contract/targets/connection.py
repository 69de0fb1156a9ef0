"""The connection of a client to a target: URL, region and credentials."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, SSOError, TokenRetrievalError
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from personalize_contract.errors import TargetUnavailable, UsageError
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import REGION
from personalize_contract.model.failures import EXPIRED, NO_CREDENTIALS, Trouble
from personalize_contract.settings import Settings
from personalize_contract.targets.aws_domains import is_aws_host
from personalize_contract.targets.aws_variables import without_empty
from personalize_contract.targets.signing import DUMMY_CREDENTIALS


@dataclass(frozen=True)
class Connection:
    """The address of a target, and the credentials for it.

    Args:
        url: scheme, host and port.
        region: the region of the service.
        credentials: the credentials that sign requests.
        answered_by: its name in provenance: `aws`, `endpoint` or `reference`.
        serves_all: whether this URL serves every AWS service, as an emulator does.
        ca_bundle: a file with the certificates to trust; None for the default ones.
    """

    url: str
    region: str
    credentials: Credentials
    answered_by: str
    serves_all: bool = False
    ca_bundle: str | None = None

    @without_empty()
    def client(self, service: str = "") -> Any:
        """Return a botocore client without retries, since they hide intermittent failures.

        Args:
            service: the botocore name of the service. Empty for the contract's, whose client
                ignores the user's settings; another one goes to the endpoint that botocore finds
                for it, `AWS_ENDPOINT_URL_<SERVICE>` included.
        """
        here = self.serves_all or not service
        session = Session() if service else _isolated()
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        with _creating:
            return session.create_client(
                service or load().service,
                region_name=self.region,
                endpoint_url=self.url if here else None,
                aws_access_key_id=self.credentials.access_key,
                aws_secret_access_key=self.credentials.secret_key,
                aws_session_token=self.credentials.token,
                config=Config(retries={"total_max_attempts": 1}),
            )

    @property
    def is_unsigned(self) -> bool:
        """True if requests are signed with dummy credentials, because there are no others."""
        return self.credentials.access_key == DUMMY_CREDENTIALS.access_key

    @property
    def secrets(self) -> list[str]:
        """The parts of the credentials that must never be written."""
        return [part for part in (self.credentials.secret_key, self.credentials.token) if part]

    def home(self, account: str) -> str:
        """Return the prefix of the ARNs of an account's resources there, up to the account."""
        partition = Session().get_partition_for_region(self.region)
        return f"arn:{partition}:personalize:{self.region}:{account}"


_creating = Lock()  # a session isn't thread-safe while it creates a client


@cache
def _isolated() -> Session:
    """Return a session that ignores the user's environment and files.

    Cached because a session takes four times as long as a client to create.
    """
    nowhere = {"config_file": os.devnull, "credentials_file": os.devnull}
    return Session(
        {
            name: (None, None, nowhere.get(name, default), convert)
            for name, (_, _, default, convert) in Session.SESSION_VARIABLES.items()
        }
    )


@cache
def _loader(path: str | None) -> Loader:
    """Return a loader of service models, cached because loading is most of a new client's cost."""
    return create_loader(path)


def recorded() -> Connection:
    """Return the connection for requests that a cassette answers, which are never sent."""
    url = f"https://{load().service}.{REGION}.amazonaws.com"
    return Connection(url, REGION, DUMMY_CREDENTIALS, "unknown")


def reference(url: str) -> Connection:
    """Return the connection to a reference service at a URL."""
    return Connection(url, REGION, DUMMY_CREDENTIALS, "reference")


@without_empty()
def live(settings: Settings) -> Connection:
    """Return the connection to AWS, or to the service at `endpoint_url`.

    Credentials and region are found as by every AWS SDK. An endpoint that is not AWS needs none:
    without any, it gets those of the reference service.

    Raises:
        UsageError: no region, not a URL, or no such CA bundle.
        TargetUnavailable: no credentials.
    """
    session = Session()
    region, url = _place(session, settings)
    endpoint_url = settings.endpoint_url
    to_aws = is_aws(url)
    # Anybody may answer at a URL or at AWS_ENDPOINT_URL.
    own = not endpoint_url and url == _url(session, region, ignore_configured_endpoint_urls=True)
    return Connection(
        url,
        region,
        _credentials(session, to_aws),
        "aws" if own else "endpoint",
        serves_all=bool(endpoint_url) and not to_aws,
        ca_bundle=_ca_bundle(session),
    )


@without_empty()
def home(settings: Settings, account: str) -> str:
    """Return the same as `Connection.home`, without credentials or a connection.

    Raises:
        UsageError: no region, or not a URL.
        TargetUnavailable: no such profile.
    """
    region, url = _place(Session(), settings)
    return Connection(url, region, DUMMY_CREDENTIALS, "unknown").home(account)


def _place(session: Session, settings: Settings) -> tuple[str, str]:
    """Return the region and the URL of a live service."""
    try:
        session.get_scoped_config()  # fails if there is no such profile
        region = (
            settings.region or session.get_config_variable("region") or os.environ.get("AWS_REGION")
        )
    except BotoCoreError as error:
        raise TargetUnavailable(
            f"{NO_CREDENTIALS.name}: {error}; {NO_CREDENTIALS.advice}"
        ) from error
    url = settings.endpoint_url or _url(session, region or REGION)
    if is_aws(url) and not region:
        raise UsageError(
            f"a live run needs a region: add {settings.option('region')}, or set AWS_REGION"
        )
    return region or REGION, url


def _url(session: Session, region: str, **config: Any) -> str:
    """Return the URL that botocore uses for the service of the contract."""
    try:
        client = session.create_client(
            load().service,
            region,
            aws_access_key_id=DUMMY_CREDENTIALS.access_key,
            aws_secret_access_key=DUMMY_CREDENTIALS.secret_key,
            config=Config(**config),
        )
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"region {region!r}: {error}") from error
    return str(client.meta.endpoint_url)


def _ca_bundle(session: Session) -> str | None:
    path: str | None = session.get_config_variable("ca_bundle")
    if path and not Path(path).is_file():
        raise UsageError(f"AWS_CA_BUNDLE {path}: no such file; set it to a file or unset it")
    return path


def is_aws(url: str) -> bool:
    """Return whether a URL belongs to AWS, where every write is real.

    Raises:
        UsageError: it is not an HTTP URL.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"endpoint {url!r} is not an HTTP URL; write one such as http://127.0.0.1:8000"
        )
    return is_aws_host(parts.hostname)


def _credentials(session: Session, to_aws: bool) -> Credentials:
    if not to_aws:
        # Asking the machine's metadata service takes seconds, which a local endpoint isn't worth.
        provider = session.get_component("credential_provider")
        for name in ("iam-role", "container-role"):
            provider.remove(name)
    try:
        resolved = session.get_credentials()
        frozen = resolved.get_frozen_credentials() if resolved else None
    except (SSOError, TokenRetrievalError) as error:
        raise _without(EXPIRED, error) from error
    except BotoCoreError as error:
        raise TargetUnavailable(
            f"{NO_CREDENTIALS.name}: {error}; {NO_CREDENTIALS.advice}"
        ) from error
    if frozen and frozen.access_key and frozen.secret_key:
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)
    if to_aws:
        raise _without(NO_CREDENTIALS, "a live run needs AWS credentials")
    return DUMMY_CREDENTIALS


def _without(trouble: Trouble, why: object) -> TargetUnavailable:
    return TargetUnavailable(f"{trouble.name}: {why}; {trouble.advice}")
