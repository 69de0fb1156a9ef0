"""`personalize_placeholders`: values that only look like secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.exchanges import exchange, put
from helpers.shop import Shop, text
from personalize_contract import cli
from personalize_contract.cassette import journal, recording
from personalize_contract.errors import UsageError
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin import ini_file

KEY = "AKIAIOSFODNN7EXAMPLE"
TEST = f"""
@pytest.mark.personalize_contract
def test_it():
    put(1, properties='{{"token": "{KEY}"}}')
"""


def test_placeholder_is_recorded_and_other_secrets_are_not(shop: Shop) -> None:
    shop.tests(TEST)
    shop.ini("personalize_placeholders =", "    other", f"    {KEY}")
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)
    shop.ini("personalize_placeholders = other")
    result = shop.record()
    result.assert_outcomes(failed=1)
    assert "an AWS access key id is in the request body" in text(result)


INI = {
    "pytest.ini": "[pytest]\npersonalize_placeholders =\n    a\n    {key}\n",
    ".pytest.ini": "[pytest]\npersonalize_placeholders = {key}\n",
    "pyproject.toml": '[tool.pytest.ini_options]\npersonalize_placeholders = ["{key}"]\n',
    "pytest.toml": '[pytest]\npersonalize_placeholders = ["{key}"]\n',
    "tox.ini": "[tox]\na = b\n[pytest]\npersonalize_placeholders = {key}\n",
    "setup.cfg": "[tool:pytest]\npersonalize_placeholders = {key}\n",
}


@pytest.mark.parametrize("name", INI)
@pytest.mark.parametrize("below", [".", "a/b"])
def test_lint_and_recover_read_the_ini_file_of_pytest(
    name: str, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / below)
    path = Path("it.personalize.yaml")
    who = Provenance("reference", "2026-11-23T20:16:42Z")
    recording.write(path, who, [exchange(put({"a": KEY}))])
    assert cli.main(["lint"]) == 1
    (tmp_path / name).write_text(INI[name].format(key=KEY))
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\n") if below != "." else None
    assert cli.main(["lint"]) == 0
    path.unlink()
    recorder = recording.Recording(path, who)
    recorder.append(exchange(put({"a": KEY})))
    recorder.leave()
    assert cli.main(["recover"]) == 0
    assert path.exists()
    assert not journal.path_for(path).exists()


@pytest.mark.parametrize(
    ("name", "content"), [("pyproject.toml", "[tool"), ("pytest.ini", "tea"), ("tox.ini", "[")]
)
def test_unreadable_ini_file_is_reported_in_one_sentence(
    name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match="can't be read"):
        ini_file.values("personalize_placeholders")
