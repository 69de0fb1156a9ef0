"""docs/refused.md: each row's message and remedy are those of the plugin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.shop import Shop, text
from helpers.stand_in import ACCOUNT, StandIn

PAGE = (Path(__file__).parents[2] / "docs" / "refused.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| ([^|`]+(?:`[^`|]+`[^|`]+)*) \| `([^`]+)` \|", PAGE, re.MULTILINE))

SHOP = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
OTHER = SHOP.replace("shop", "prod")
OWN = "arn:aws:personalize:eu-west-1:111122223333:dataset/own/ITEMS"
REFERENCE = ("--personalize-target=reference",)
RECORD = ("--personalize-record=reference",)
LIVE = (
    "--personalize-target=live",
    "--personalize-endpoint-url=URL",
    f"--personalize-account={ACCOUNT}",
    f"--personalize-dataset={SHOP}=active",
)
LEAVE = (*LIVE, "--personalize-write-to-existing")


@dataclass(frozen=True)
class Try:
    """A run of pytest.

    Args:
        body: of the marked test.
        arguments: of pytest.
        mark: the arguments of its mark.
        ini: lines of the ini file.
        before: the preparation of the repo.
        names: arguments of the test.
        more: written above the test.
        after: written below it.
    """

    body: str = "put()"
    arguments: tuple[str, ...] = REFERENCE
    mark: str = ""
    ini: tuple[str, ...] = ()
    before: Callable[[Shop], object] = lambda shop: None
    names: str = ""
    more: str = ""
    after: str = ""

    def run(self, shop: Shop, url: str) -> pytest.RunResult:
        self.before(shop)
        shop.ini(*self.ini)
        mark = f"@pytest.mark.personalize_contract({self.mark})"
        body = self.body.replace("URL", url)
        shop.tests(f"{self.more}\n\n{mark}\ndef test_it({self.names}):\n    {body}\n{self.after}")
        return shop.run(*(argument.replace("URL", url) for argument in self.arguments))


def recorded(body: str, test: str = "test_it") -> Callable[[Shop], None]:
    def record(shop: Shop) -> None:
        shop.tests(f"@pytest.mark.personalize_contract\ndef {test}():\n    {body}\n")
        shop.record().assert_outcomes(passed=1)

    return record


def of_another_test(shop: Shop) -> None:
    recorded("put()", "test_other")(shop)
    shop.cassette("test_other").rename(shop.cassette("test_it"))


def linked(shop: Shop) -> None:
    shop.cassette("test_it").parent.mkdir(parents=True)
    outside = shop.path.parent / f"{shop.path.name}-elsewhere.yaml"
    shop.cassette("test_it").symlink_to(outside)


def linked_to_code(shop: Shop) -> None:
    shop.cassette("test_it").parent.mkdir(parents=True)
    (shop.path / "settings.py").write_text("RATE = 2\n")
    shop.cassette("test_it").symlink_to(shop.path / "settings.py")


def folder(shop: Shop) -> None:
    shop.cassette("test_it").mkdir(parents=True)


LATE = """
import threading

GO, DONE = threading.Event(), threading.Event()
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
CLIENT = boto3.client("personalize-events", "us-east-1", **KEYS)


def late():
    GO.wait(30)
    try:
        CLIENT.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea"}])
    except Exception:
        pass
    finally:
        DONE.set()


"""
NEXT = """
def test_next():
    GO.set()
    assert DONE.wait(30)
"""
S3 = 'boto3.client("s3", "us-east-1").list_buckets()'
CONNECT = """import contextlib, socket
    with contextlib.suppress(OSError):
        socket.create_connection(("192.0.2.9", 9), 0.01)"""
AWS_PATH = "https://personalize-events.us-east-1.amazonaws.com/nothing"
BODY = '{"datasetArn": "ARN", "items": [{"itemId": "personalize-contract-1"}]}'
POST = f"""import requests; assert requests.post(
        "URL/items", {BODY.replace("ARN", SHOP)!r}, headers={{"content-type": "application/json"}}
    ).status_code == 200"""
KEY = '{"a": "AKIA' + "Q" * 16 + '"}'
LIVE_PUT = f"client().put_items(datasetArn={SHOP!r}, items=ITEMS)"
ITEMS = "[{'itemId': 'personalize-contract-1'}]"


def live(items: str = ITEMS, arguments: tuple[str, ...] = LEAVE, arn: str = SHOP) -> Try:
    return Try(f"client().put_items(datasetArn={arn!r}, items={items})", arguments)


BREAKS = "violates=['request.items.max-members']"
CASES: dict[str, tuple[Try, Try | None]] = {
    "a request that breaks a clause of the contract": (
        Try("put(11)"),
        Try("pytest.raises(Exception, put, 11)", mark=BREAKS),
    ),
    "a clause in `violates` that no request breaks": (Try(mark=BREAKS), Try()),
    "a request that no recorded exchange answers": (Try(arguments=()), Try(arguments=RECORD)),
    "a recorded exchange that is not used": (
        Try(arguments=(), before=recorded("put(); put(1)")),
        Try(arguments=(), before=recorded("put(); put(1)"), mark="unused='report'"),
    ),
    "an undeclared dataset or tracker (404)": (
        Try(f"put(arn={OWN!r})"),
        Try(f"put(arn={OWN!r})", ini=("personalize_dataset =", f"  {OWN}=active")),
    ),
    "a connection to another host, or its look-up": (
        Try(f"put(); {CONNECT}"),
        Try(f"put(); {CONNECT}", ini=("personalize_allowed_hosts = 192.0.2.9",)),
    ),
    "a call to another AWS service": (
        Try(f"put(); {S3}"),
        Try(f"put()\n    with moto.mock_aws(): {S3}", more="import moto"),
    ),
    "a request to the service with an unknown path, or by an unsupported client": (
        Try(f"import urllib.request; urllib.request.urlopen({AWS_PATH!r})"),
        None,
    ),
    "the metadata endpoint of an instance or container": (
        Try("import urllib.request; urllib.request.urlopen('http://169.254.169.254/', timeout=1)"),
        None,
    ),
    "a request or a response after the end of its test": (
        Try("put(); threading.Thread(target=late).start()", more=LATE, after=NEXT),
        Try("put(); GO.set(); late()", more=LATE, after=NEXT),
    ),
    "a fixture of this plugin, requested during the test": (
        Try("put(); request.getfixturevalue('personalize_service')", names="request"),
        Try(names="personalize_service"),
    ),
    "a value that looks like a secret": (
        Try(f"put(properties={KEY!r})", RECORD),
        Try(f"put(properties={KEY!r})", RECORD, mark="redact=['items[].properties.a']"),
    ),
    "the cassette of another test": (
        Try(arguments=(), before=of_another_test),
        Try(arguments=RECORD),
    ),
    "a cassette that is a symlink out of the project": (
        Try(arguments=RECORD, before=linked),
        Try(arguments=RECORD),
    ),
    "a cassette that is a symlink to a file of another kind": (
        Try(arguments=RECORD, before=linked_to_code),
        Try(arguments=RECORD),
    ),
    "a cassette or a journal that is not a regular file": (
        Try(arguments=RECORD, before=folder),
        Try(arguments=RECORD),
    ),
    "an empty recording over an existing one": (
        Try("pass", RECORD, before=recorded("put()")),
        Try("pass", RECORD, before=recorded("put()"), mark="unused='report'"),
    ),
    "AWS, or an emulated account, without permission": (live(arguments=LIVE), live()),
    "another account than that of the credentials": (
        live(arguments=(*LEAVE, "--personalize-account=999999999999")),
        live(),
    ),
    "an undeclared dataset": (live(arn=OTHER), live()),
    "an id without the prefix of this package": (live("[{'itemId': 'tea'}]"), live()),
    "a body that parsers may read differently": (
        Try(POST.replace('"items"', '"items": [], "items"', 1), LEAVE),
        Try(POST, LEAVE),
    ),
    "a request to the live service with any other path, or by another client": (
        Try("import urllib.request; urllib.request.urlopen('URL/items', b'{}')", LEAVE),
        None,
    ),
}


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn().served() as stand_in:
        stand_in.store.add_dataset(SHOP)
        yield stand_in


def test_each_row_of_the_page_has_a_trial() -> None:
    assert list(CASES) == list(ROWS)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("row", CASES)
def test_messages_match_the_page(shop: Shop, account: StandIn, row: str) -> None:
    refused, _ = CASES[row]
    result = refused.run(shop, account.url)
    assert ROWS[row] in text(result)
    # Code that has ended fails no other test.
    assert (result.ret == 0) == ("after the end of its test" in row)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("row", [row for row, (_, allowed) in CASES.items() if allowed])
def test_remedies_of_the_page_work(shop: Shop, account: StandIn, row: str) -> None:
    _, allowed = CASES[row]
    assert allowed
    result = allowed.run(shop, account.url)
    assert result.ret == 0, text(result)
    assert ROWS[row] not in text(result)
