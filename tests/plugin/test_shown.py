"""Output shows no secret, no account, and no line forged by file content."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.command import ACTIVE
from helpers.shop import Shop, text
from personalize_contract import cli
from personalize_contract.errors import CassetteError, Miss, UsageError
from personalize_contract.privacy import display

TOKEN = "8f14e45fceea167a5a36dedd4bea2543"
KEY = "ghp_" + "a1" * 18
ACCOUNT = "123456789012"
FORGED = "\n::error title=forged::it is"

SENDS_A_QUERY = """
import os
import requests

@pytest.mark.personalize_contract
def test_it():
    query = f"X-Amz-Security-Token={os.environ['TOKEN_OF_TEST']}"
    requests.post(
        f"https://personalize-events.us-east-1.amazonaws.com/items?{query}",
        json={"datasetArn": ACTIVE, "items": [{"itemId": "a"}] * 11},
    )
"""


def test_violation_shows_no_token_from_a_query(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", TOKEN)
    shop.tests(SENDS_A_QUERY)
    result = shop.record("--junitxml=junit.xml")
    assert "request.no-uri-parameters is broken" in text(result)
    assert TOKEN not in text(result) + (shop.path / "junit.xml").read_text()


def test_usage_error_shows_no_password_from_an_endpoint(shop: Shop) -> None:
    shop.tests("def test_it(): pass")
    result = shop.run("--personalize-endpoint-url=ftp://me:hunter2@example.org")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "is not an HTTP URL" in text(result)
    assert "hunter2" not in text(result)


def test_unreachable_endpoint_shows_no_password(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it(): put(1)")
    result = shop.run(
        *("--personalize-target=live", f"--personalize-dataset={ACTIVE}=active"),
        "--personalize-endpoint-url=http://me:hunter2@127.0.0.1:9",
    )
    assert "can't be reached" in text(result)
    assert "hunter2" not in text(result)


LOGGED = """
import logging

@pytest.mark.personalize_contract
def test_it():
    for name in ("botocore.auth", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    from personalize_contract.model.exchange import Request
    from personalize_contract.targets.signing import signed
    from botocore.credentials import Credentials

    request = Request("POST", "https://example.org/items", {}, b"")
    signed(request, Credentials("key", "secret", TOKEN), "us-east-1")
    logging.getLogger("botocore.auth").debug("theirs stays")
    assert 0
"""


@pytest.fixture
def levels() -> Iterator[None]:
    """Restore the log levels: an inner pytest run sets them in this process."""
    loggers = [logging.getLogger(name) for name in ("botocore.auth", "urllib3.connectionpool")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("levels")
def test_only_calls_of_other_code_are_logged(shop: Shop) -> None:
    shop.tests(f"TOKEN = {TOKEN!r}\n{LOGGED}")
    result = shop.run("--log-level=DEBUG", "--tb=no", "-rA", "--show-capture=log")
    logged = shop.run("--log-level=DEBUG", "--log-file=all.log", "--tb=line")
    logged.assert_outcomes(failed=1)
    written = (shop.path / "all.log").read_text()
    assert "theirs stays" in written
    assert TOKEN not in written + text(result)


TWICE = """\
interactions:
- request:
    "{0}": 1
    "{0}": 1
version: 1
"""
REPEATED = TWICE.format("::error title=a::b\\n::error title=c::d")
CONTROLS = TWICE.format("\\e[2J\\r\\x07")


@pytest.mark.parametrize("content", [REPEATED, CONTROLS])
@pytest.mark.parametrize("command", ["lint", "drift"])
def test_file_content_forges_no_line_and_moves_no_cursor(
    content: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "it.personalize.yaml").write_text(content)
    arguments = [str(tmp_path)] * (2 if command == "drift" else 1)
    assert cli.main([command, *arguments]) in (1, 2)
    out, err = capsys.readouterr()
    assert "appears twice" in out + err
    assert not [line for line in (out + err).splitlines() if line.startswith("::")]
    assert not {character for character in out + err if not character.isprintable()} - {"\n"}


def test_file_names_forge_no_output_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"a{FORGED}.personalize.yaml").write_text("tea")
    (tmp_path / f"a{FORGED}.personalize.yaml.partial.jsonl").write_text("tea\n")
    cli.main(["lint", str(tmp_path)])
    cli.main(["recover", str(tmp_path)])
    cli.main(["lint", str(tmp_path / f"none{FORGED}")])
    out, err = capsys.readouterr()
    assert out.count("\\u000a::error") >= 2
    assert not [line for line in (out + err).splitlines() if line.startswith("::")]


@pytest.mark.parametrize(
    "error",
    [
        UsageError(f"endpoint https://me:hunter2@host/{KEY} of arn:aws:iam::{ACCOUNT}:role/x"),
        CassetteError(Path("it.yaml"), f"{KEY}: https://me:hunter2@host"),
        Miss(f"sent {KEY} to\n  arn:aws:personalize:*:{ACCOUNT}:dataset/x"),
    ],
)
def test_errors_show_no_secret_and_no_account(error: Exception) -> None:
    for shown in (str(error), f"{error}", display.quoted(error)):
        assert KEY not in shown
        assert ACCOUNT not in shown
        assert "://me:hunter2" not in shown
