"""The README: its commands and examples work, with the output that it shows."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environment, run_process
from personalize_contract import cli
from personalize_contract.cassette import loader

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
VENV = "python3 -m venv .venv && "


def command(name: str) -> str:
    """Return the line of the fenced block after `<!-- name -->`."""
    match = re.search(rf"^<!-- {name} -->\n```sh\n(.+)\n```$", README, re.MULTILINE)
    assert match, f"README.md has no command marked {name}"
    return match[1]


def blocks(language: str = "") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_both_commands_need_no_other_setup() -> None:
    assert command("verify").startswith(f"{VENV}.venv/bin/pip install -q . && ")
    assert command("tests").startswith(VENV)
    assert command("tests").split(" && ")[-1] == ".venv/bin/pytest -n auto"


def test_the_first_command_verifies(tmp_path: Path) -> None:
    last = shlex.split(command("verify").split(" && ")[-1])
    assert last[0] == ".venv/bin/personalize-contract"

    done = run_process(*last[1:], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "all 32 clauses hold on reference and recorded" in done.stdout
    recorded = sorted((tmp_path / "personalize-cassettes").rglob("*.personalize.yaml"))
    assert len(recorded) > 15
    assert {loader.load(path).provenance.answered_by for path in recorded} == {"reference"}


def pytest_in(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest in a separate process, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        # The other plugins installed here are not part of the README's setup.
        env=environment(
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS="personalize_contract.plugin"
        ),
        check=False,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a repo with the README's first example."""
    example = next(block for block in blocks("python") if "import boto3" in block)
    (tmp_path / "test_shop.py").write_text(example)
    return tmp_path


def test_the_first_test_records_and_replays(shop: Path) -> None:
    hint = next(block for block in blocks() if "--personalize-record" in block).strip()

    first = pytest_in(shop)
    recorded = pytest_in(shop, *shlex.split(hint.removeprefix("record it: pytest ")))
    cassette = shop / "cassettes/test_shop/test_a_product_is_put.personalize.yaml"

    assert first.returncode == 1
    assert hint in first.stdout
    assert recorded.returncode == 0, recorded.stdout
    assert f"`{cassette.relative_to(shop)}`" in README
    assert loader.load(cassette).provenance.answered_by == "reference"
    assert pytest_in(shop).returncode == 0


def test_eleven_items_fail_as_in_the_readme(shop: Path) -> None:
    test = shop / "test_shop.py"
    items = re.search(r"items=(\[.*\]),", test.read_text())
    assert items
    test.write_text(test.read_text().replace(items[1], f"{items[1]} * 11"))

    done = pytest_in(shop, "--personalize-record", "reference")

    assert done.returncode == 1
    shown = next(block for block in blocks() if block.startswith("request.items.max-members"))
    for line in shown.splitlines():
        assert line.strip() in done.stdout


def test_the_service_has_the_put_items(tmp_path: Path) -> None:
    example = next(block for block in blocks("python") if "personalize_service" in block)
    (tmp_path / "test_shop.py").write_text(
        "import boto3\n\n\n"
        "def upload_catalogue(arn):\n"
        "    client = boto3.client('personalize-events')\n"
        "    for name in ('tea-1', 'tea-2'):\n"
        "        client.put_items(datasetArn=arn, items=[{'itemId': name}])\n\n\n" + example
    )

    done = pytest_in(tmp_path)

    assert done.returncode == 0, done.stdout


def test_the_client_of_the_plugin_is_answered(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(
        "def test_it(personalize_client, personalize_dataset):\n"
        "    item = {'itemId': 'tea-1'}\n"
        "    personalize_client.put_items(datasetArn=personalize_dataset.active, items=[item])\n"
    )

    assert pytest_in(tmp_path, "--personalize-record", "reference").returncode == 0
    assert pytest_in(tmp_path).returncode == 0


def test_every_exit_status_is_explained() -> None:
    table = README[README.index("## Exit status") :]

    statuses = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}

    assert statuses == {0, 1, 2, 3, 4, 130}


def test_every_other_command_is_listed() -> None:
    table = README[README.index("## Other commands") :]

    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    assert {"verify", *listed} == set(cli.COMMANDS)
