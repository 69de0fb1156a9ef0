"""`personalize_live_ids`: the item ids that a live run may write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.shop import Shop, text
from helpers.stand_in import ACCOUNT, StandIn

SHOP = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
PROD = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/prod/ITEMS"
REFUSAL = (
    "items[0].itemId does not begin with personalize-contract-: records can't be deleted one by "
    "one, and the owner of the dataset must recognise them; to allow this repo's own ids, set "
    "personalize_live_ids = own in the ini file"
)

TESTS = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset):
    {code}
"""


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn().served() as stand_in:
        for arn in (SHOP, PROD):
            stand_in.store.add_dataset(arn)
        yield stand_in


def run(shop: Shop, account: StandIn, *arguments: str, leave: bool = True) -> pytest.RunResult:
    return shop.run(
        f"--personalize-endpoint-url={account.url}",
        f"--personalize-account={ACCOUNT}",
        f"--personalize-dataset={SHOP}=active",
        *(["--personalize-write-to-existing"] if leave else []),
        *arguments,
    )


@pytest.mark.parametrize("how", ["target", "record", "verify"])
def test_own_ids_are_sent_only_if_the_ini_file_allows_it(
    shop: Shop, account: StandIn, how: str
) -> None:
    shop.tests(TESTS.format(code="put(arn=personalize_dataset.active)"))
    shop.record()
    result = run(shop, account, f"--personalize-{how}=live")
    result.assert_outcomes(failed=1)
    assert REFUSAL in text(result)
    assert account.store.items(SHOP) == {}
    shop.ini("personalize_live_ids = own")
    run(shop, account, f"--personalize-{how}=live").assert_outcomes(passed=1)
    assert set(account.store.items(SHOP)) == {"tea-0", "tea-1"}


@pytest.mark.parametrize(
    ("code", "leave"),
    [
        ("put(arn=personalize_dataset.active)", False),
        (f"put(arn={PROD!r})", True),
    ],
    ids=["no leave to write", "another dataset"],
)
def test_own_ids_are_sent_only_to_declared_datasets(
    shop: Shop, account: StandIn, code: str, leave: bool
) -> None:
    shop.tests(TESTS.format(code=code))
    shop.record("--personalize-dataset", f"{PROD}=active")
    shop.ini("personalize_live_ids = own")
    result = run(shop, account, "--personalize-verify=live", leave=leave)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "PutItems" not in account.calls


def test_prefixed_ids_match_a_recording_without_the_prefix(shop: Shop, account: StandIn) -> None:
    shop.tests(TESTS.format(code="put(arn=personalize_dataset.active)"))
    shop.record()
    prefixed = shop.path / "test_shop.py"
    prefixed.write_text(prefixed.read_text().replace('f"tea-', 'f"personalize-contract-tea-'))
    run(shop, account, "--personalize-verify=live").assert_outcomes(passed=1)
    assert set(account.store.items(SHOP)) == {
        "personalize-contract-tea-0",
        "personalize-contract-tea-1",
    }


def test_unknown_value_is_a_usage_error(shop: Shop) -> None:
    shop.tests(TESTS.format(code="put()"))
    shop.ini("personalize_live_ids = mine")
    result = shop.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "personalize_live_ids = mine: it must be prefixed or own" in text(result)
