"""No command to copy installs this package by its name, since no index has ours."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = "personalize-contract"
FOLDERS = ("docs", "examples", ".github", ".ci")

_INSTALLS = re.compile(
    r"(?:\bpip3?\s+(?:install|download|wheel)|\bpipx\s+(?:install|run)|\buvx|\buv\s+(?:add|pip\s+install"
    r"|tool\s+(?:install|run))|\bpoetry\s+add|\bpdm\s+add|\bconda\s+install|\beasy_install)\b(.*)"
)
_BY_NAME = re.compile(
    r"(?<![\w./-])personalize[-_.]contract(?:\[[\w,-]*\])?(?:\s*(?:[=<>~!]=?|@\s*latest)[^\s\"']*)?(?![\w./-]|\s*@)",
    re.IGNORECASE,
)
_REQUIREMENT = re.compile(r"^\s*-?\s*[\"']?personalize[-_.]contract\s*(?:[=<>~!]=.*)?[\"']?$", re.I)


def by_name(text: str) -> list[str]:
    """Return the commands in a text that install the package from an index."""
    joined = re.sub(r"\\\n\s*|(?<=>-\n)\s*(pip[^\n]*)\n\s*", r" \1", text)
    return [
        match[0]
        for match in _INSTALLS.finditer(joined)
        if _BY_NAME.search(match[1].partition("#")[0].partition("&&")[0])
    ]


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [
        ROOT / name
        for name in listed
        if name and ("/" not in name or name.startswith(FOLDERS)) and (ROOT / name).is_file()
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_installs_it_by_name(page: Path) -> None:
    text = page.read_text("utf-8", "replace")
    assert by_name(text) == []
    if page.name.startswith("requirements"):
        assert not [line for line in text.splitlines() if _REQUIREMENT.match(line)]


def needs(document: object) -> list[str]:
    if isinstance(document, dict):
        return [need for value in document.values() for need in needs(value)]
    if isinstance(document, list):
        return [need for value in document for need in needs(value)]
    return [document] if isinstance(document, str) else []


@pytest.mark.parametrize("project", sorted((ROOT / "examples").rglob("pyproject.toml")), ids=str)
def test_no_example_depends_on_it_by_name(project: Path) -> None:
    document = tomllib.loads(project.read_text("utf-8"))
    assert not [need for need in needs(document) if _REQUIREMENT.match(need)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("pip install personalize-contract", 1),
        ("python -m pip install -U 'personalize-contract[x]>=1'", 1),
        ("pip install boto3 \\\n  personalize_contract", 1),
        ("uv add --dev personalize-contract", 1),
        ("uvx personalize-contract lint", 1),
        ("pipx run personalize-contract", 1),
        ("pip install personalize-contract==0.1.0", 1),
        ("pip install . && .venv/bin/personalize-contract lint", 0),
        ("pip install ../..  # personalize-contract, from this checkout", 0),
        ("pip install git+https://git.example.com/personalize-contract.git@COMMIT", 0),
        ("pip install 'personalize-contract @ git+https://git.example.com/a.git@COMMIT'", 0),
        ("pip install dist/personalize_contract-0.1.0-py3-none-any.whl", 0),
    ],
)
def test_installations_by_name_are_recognised(text: str, count: int) -> None:
    assert len(by_name(text)) == count
