"""Messages about invalid values name the option, ini key or mark argument that they come from."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = "@pytest.mark.personalize_contract{mark}\ndef test_it():\n    put()\n"

OPTIONS = {
    "--personalize-dataset=tea": "--personalize-dataset: 'tea' is not ARN=STATE",
    "--personalize-endpoint-url=tea": "--personalize-endpoint-url: 'tea' is not an HTTP URL",
    "--personalize-account=123": "--personalize-account: the value is not an account id",
    "--personalize-report=tea": "--personalize-report /",
    "--personalize-baseline=tea": "--personalize-baseline tea: there is no such file",
    "--personalize-target=tea": "--personalize-target tea: no such target",
}
KEYS = {
    "personalize_dataset = tea=active": "personalize_dataset: 'tea' is not a Personalize ARN",
    "personalize_endpoint_url = tea": "personalize_endpoint_url: 'tea' is not an HTTP URL",
    "personalize_account = 123": "personalize_account: the value is not an account id",
    "personalize_ignore = tea": "personalize_ignore: no request has a member 'tea'",
    "personalize_redact = tea": "personalize_redact: no request has a member 'tea'",
    "personalize_keep = tea": "personalize_keep = tea: it must be one of",
    "personalize_contracts = tea": "personalize_contracts: ",
    "personalize_no_advice = tea": "personalize_no_advice: there is no advice 'tea'",
    "personalize_check = tea": "personalize_check = tea: it must be marked or all",
    "personalize_live_ids = tea": "personalize_live_ids = tea: it must be prefixed or own",
    "personalize_fail_on = tea": "personalize_fail_on = tea: it must be one of",
    "personalize_max_age = tea": "personalize_max_age = tea: it must be a number of days",
    "personalize_strict = tea": "personalize_strict: ",
    "personalize_record = tea": "personalize_record = tea: no such target",
}
ARGUMENTS = {
    "ignore=['tea']": "ignore: no request has a member 'tea'",
    "redact=['tea']": "redact: no request has a member 'tea'",
    "violates=['tea']": "violates: there is no clause 'tea'",
    "violates=['response.success.status']": "violates: response.success.status binds the service",
    "unused='tea'": "unused must be 'fail' or 'report', not 'tea'",
    "cassette='../tea'": "cassette must be a name of letters",
}


@pytest.mark.parametrize(("option", "message"), OPTIONS.items(), ids=OPTIONS)
def test_message_names_the_option(shop: Shop, option: str, message: str) -> None:
    shop.tests(TEST.format(mark=""))
    shop.ini("personalize_account = 123456789012")
    result = shop.run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in text(result)


@pytest.mark.parametrize(("key", "message"), KEYS.items(), ids=KEYS)
def test_message_names_the_ini_key(shop: Shop, key: str, message: str) -> None:
    shop.tests(TEST.format(mark=""))
    shop.ini(key)
    result = shop.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in text(result)


@pytest.mark.parametrize(("argument", "message"), ARGUMENTS.items(), ids=ARGUMENTS)
def test_message_names_the_argument_of_the_mark(shop: Shop, argument: str, message: str) -> None:
    shop.tests(TEST.format(mark=f"({argument})"))
    result = shop.run()
    result.assert_outcomes(errors=1)
    assert f"the mark personalize_contract: {message}" in text(result)
