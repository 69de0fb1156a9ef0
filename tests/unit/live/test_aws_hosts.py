"""The hosts of AWS are those in botocore's endpoint data, in every partition and form."""

from __future__ import annotations

from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import EndpointVariantError
from botocore.session import Session

from personalize_contract.errors import UsageError
from personalize_contract.interceptors import aws_hosts
from personalize_contract.live.access import connect
from personalize_contract.settings import Settings
from personalize_contract.targets.connection import is_aws

PARTITIONS = Session().get_component("data_loader").load_data("endpoints")["partitions"]


def endpoints() -> dict[str, str]:
    """Return the region of each endpoint URL of botocore: each partition, FIPS and dual-stack."""
    regions = {}
    for partition, fips, dual_stack in product(PARTITIONS, (False, True), (False, True)):
        region = next(name for name in partition["regions"] if "global" not in name)
        config = Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual_stack)
        try:
            client: Any = Session().create_client(
                "personalize-events",
                region,
                aws_access_key_id="key",
                aws_secret_access_key="secret",
                config=config,
            )
        except EndpointVariantError:
            continue
        regions[client.meta.endpoint_url] = region
    return regions


ENDPOINTS = endpoints()
FORMS = {
    "as it is": lambda url: url,
    "with a dot at its end": lambda url: f"{url}.",
    "with a port": lambda url: f"{url}:443",
    "in capitals": lambda url: url.replace("personalize-events", "Personalize-Events"),
    "in wide letters": lambda url: url.replace("personalize", "\uff50ersonalize"),
    "with wide dots": lambda url: url.replace(".", "\N{IDEOGRAPHIC FULL STOP}"),
    "of a VPC endpoint": lambda url: url.replace("://", "://vpce-0123-abcd."),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_endpoint = pytest.mark.parametrize("url", ENDPOINTS)


def test_every_partition_has_an_endpoint() -> None:
    names = {Session().get_partition_for_region(region) for region in ENDPOINTS.values()}
    assert names == {partition["partition"] for partition in PARTITIONS}
    assert len(ENDPOINTS) > 2 * len(names)


@each_form
@each_endpoint
def test_an_endpoint_of_botocore_is_aws(url: str, form: Any) -> None:
    assert is_aws(form(url))
    assert aws_hosts.ours([])(f"{form(url)}/items")
    assert aws_hosts.is_of_aws(urlsplit(form(url)).hostname or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "https://personalize-events.us-east-1.amazonaws.com.example",
        "https://personalize-events.us-east-1.notamazonaws.com",
        "https://amazonaws.example",
        "https://com",
    ],
)
def test_another_host_is_not_aws(url: str) -> None:
    assert not is_aws(url)
    assert not aws_hosts.ours([])(f"{url}/items")


# This relies on `is_aws`, which the tests above try with every form of host.
@pytest.mark.parametrize(
    ("url", "form"),
    [(url, FORMS["as it is"]) for url in ENDPOINTS]
    + [(next(iter(ENDPOINTS)), form) for form in FORMS.values()],
)
def test_account_and_permission_are_required_there(
    monkeypatch: pytest.MonkeyPatch, url: str, form: Any
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    arn = "arn:aws:personalize:us-east-1:111122223333:dataset/shop/ITEMS"
    settings = Settings(
        target="live", datasets={arn: "active"}, endpoint_url=form(url), region=ENDPOINTS[url]
    )
    with pytest.raises(UsageError, match="add --write-to-existing"):
        connect(settings)
    with pytest.raises(UsageError, match="add --account ID"):
        connect(settings._replace(write_to_existing=True))
