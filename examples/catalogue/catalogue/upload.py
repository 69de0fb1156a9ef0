"""Puts products into a dataset, batch by batch."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from catalogue.items import batches
from catalogue.products import Product

# The retries are our own. The tests check more of each request than botocore does.
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
ATTEMPTS = 4
TRANSIENT = {"ThrottlingException", "InternalServerException", "ServiceUnavailableException"}


@dataclass
class Report:
    """The result of an upload: the number of products put, and the reason of each refusal."""

    put: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.put} products put, {len(self.refused)} refused"]
        return "\n".join([*lines, *(f"  {name}: {why}" for name, why in self.refused.items())])


def upload(products: Iterable[Product], dataset: str, pause: float = 1.0) -> Report:
    """Put products into a dataset.

    A refused batch does not stop the next one. Transient failures (throttling, a time-out) are
    retried after a pause, which doubles each time.
    """
    client = boto3.client("personalize-events", config=CONFIG)
    report = Report()
    for batch in batches(products):
        try:
            _put(client, dataset, batch, pause)
            report.put += len(batch)
        except (ClientError, HTTPClientError) as error:
            report.refused |= {item["itemId"]: _why(error) for item in batch}
    return report


def _put(client, dataset: str, batch: list[dict[str, str]], pause: float) -> None:
    for attempt in range(ATTEMPTS):
        try:
            client.put_items(datasetArn=dataset, items=batch)
        except (ClientError, HTTPClientError) as error:
            if attempt + 1 == ATTEMPTS or not _may_pass(error):
                raise
            time.sleep(pause * 2**attempt)
        else:
            return


def _may_pass(error: ClientError | HTTPClientError) -> bool:
    return isinstance(error, HTTPClientError) or _why(error) in TRANSIENT


def _why(error: ClientError | HTTPClientError) -> str:
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"]
    return type(error).__name__
