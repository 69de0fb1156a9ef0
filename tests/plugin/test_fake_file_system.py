"""A test with a fake file system, or one that patches `open` and `os`, records and replays."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

FAKE = """
CLIENT = client()

@pytest.mark.personalize_contract
def test_it(fs):
    fs.create_file("/teas.csv", contents="tea-1")
    with open("/teas.csv") as file:
        CLIENT.put_items(datasetArn=ACTIVE, items=[{"itemId": file.read()}])
"""

PATCHED = """
import builtins, os

CLIENT = client()

@pytest.mark.personalize_contract
def test_it(monkeypatch):
    def refused(*arguments, **named):
        raise AssertionError(f"called with {arguments}")

    monkeypatch.setattr(builtins, "open", refused)
    for name in ("open", "write", "mkdir", "replace", "unlink", "listdir", "fstat", "lstat"):
        monkeypatch.setattr(os, name, refused)
    CLIENT.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea-1"}])
    monkeypatch.undo()
"""


@pytest.mark.parametrize("source", [FAKE, PATCHED], ids=["pyfakefs", "patched"])
def test_patched_file_system_does_not_disturb_a_recording(
    source: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,pyfakefs.pytest_plugin")
    # Coverage resolves paths through the patched `os` while it measures.
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    shop.ini()
    shop.tests(source)
    for arguments in (["--personalize-record", "reference"], []):
        # In a separate process: pyfakefs patches every imported module.
        result = shop.pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
        result.assert_outcomes(passed=1)
        assert "1 exchange" in text(result) or "1 reference" in text(result)
    assert shop.cassettes() == ["cassettes/test_shop/test_it.personalize.yaml"]
    assert not list(shop.path.rglob("*.jsonl"))
