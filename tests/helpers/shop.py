"""A downstream repo for one test: a module of tests that put items, and pytest runs in it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

HEADER = """
import boto3
import botocore.exceptions
import pytest

ACTIVE = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"


def client():
    return boto3.Session().client("personalize-events")


def put(count=2, arn=ACTIVE, properties='{"category": "tea"}', first=0):
    ids = [f"tea-{number}" for number in range(first, first + count)]
    items = [{"itemId": item_id, "properties": properties} for item_id in ids]
    return client().put_items(datasetArn=arn, items=items)


"""


class Shop:
    """The repo of a user of the plugin; pytest runs in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path

    def tests(self, source: str, name: str = "test_shop") -> None:
        """Write a module of tests; `put(count=2)` puts items, on one line of the module."""
        path = self.path / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + dedent(source), "utf-8")

    def ini(self, *lines: str) -> None:
        """Write the ini file."""
        text = "\n".join(["[pytest]", *lines, ""])
        (self.path / "pytest.ini").write_text(text, "utf-8")

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest."""
        return self.pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)

    def record(self, *arguments: str) -> pytest.RunResult:
        """Run pytest, recording the reference service."""
        return self.run("--personalize-record", "reference", *arguments)

    def cassettes(self) -> list[str]:
        """Return the relative paths of all cassettes."""
        paths = self.path.rglob("*.personalize.yaml")
        return sorted(str(path.relative_to(self.path)) for path in paths)

    def cassette(self, test: str) -> Path:
        """Return the path of the cassette of a test in `test_shop`."""
        return self.path / "cassettes" / "test_shop" / f"{test}.personalize.yaml"


def text(result: pytest.RunResult) -> str:
    """Return the output of a run."""
    return result.stdout.str() + result.stderr.str()
