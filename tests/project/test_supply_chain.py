"""Dependencies: intended bounds, and no known vulnerabilities.

`python tests/lowest.py`, which needs a registry, runs the tests at the lower bounds.
"""

import ast
import sys
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from helpers.advisories import FIXED

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
NEEDED = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
GROUPS = {
    requirement.name: requirement
    for group in PROJECT["dependency-groups"].values()
    for requirement in map(Requirement, group)
}
CAPPED = {
    # aiobotocore allows few versions of botocore; pip would search for the pair for minutes.
    "aiobotocore",
    "boto3",
}
each_need = pytest.mark.parametrize("need", NEEDED, ids=str)


def lowest(need: Requirement) -> Version:
    (bound,) = [part.version for part in need.specifier if part.operator == ">="]
    return Version(bound)


@each_need
def test_each_dependency_has_only_a_lower_bound(need: Requirement) -> None:
    assert [part.operator for part in need.specifier] == [">="]
    assert need.url is None


def test_only_listed_dependencies_are_capped() -> None:
    capped = {
        name
        for name, need in GROUPS.items()
        if any(part.operator not in (">=", "!=") for part in need.specifier)
    }

    assert capped <= CAPPED


@each_need
def test_lower_bounds_have_no_known_vulnerability(need: Requirement) -> None:
    for fixed, advisory in FIXED.get(need.name.lower(), []):
        assert lowest(need) >= Version(fixed), advisory


@pytest.mark.parametrize("name", FIXED)
def test_installed_versions_have_no_known_vulnerability(name: str) -> None:
    for fixed, advisory in FIXED[name]:
        assert Version(version(name)) >= Version(fixed), advisory


def names_in(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_every_import_is_declared() -> None:
    known = {"yaml": "pyyaml", "vcr": "vcrpy", "_pytest": "pytest"}
    # Optional libraries: the user may have them, and the package uses them only if loaded.
    optional = {"aiobotocore", "aiohttp", "httpx", "httpcore", "moto", "xdist", "boto3"}
    imported = {
        name.partition(".")[0]
        for file in (ROOT / "contract").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in names_in(node)
    }
    extras = PROJECT["project"]["optional-dependencies"].values()
    names = {need.name.lower() for need in [*NEEDED, *map(Requirement, chain(*extras))]}
    own = {"personalize_contract", *sys.stdlib_module_names}

    assert {known.get(name, name) for name in imported - own} - optional <= names
