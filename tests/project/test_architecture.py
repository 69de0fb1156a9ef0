"""The walls: imports point one way, and the suite shares no brain with the service."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "personalize_contract"
SOURCE = ROOT / "contract" / PACKAGE

# Lowest first. A module imports from its own floor and from those above it in this table, and
# never in a circle. A package stands for all that is in it. docs/architecture.md has the same
# table for people.
FLOORS = {
    "errors": "errors clock",
    "the model": "model",
    "privacy": "privacy",
    "settings": "settings",
    "cassettes": "cassette",
    "the reference service": "service",
    "the fake account": "fake_account",
    "targets": "targets",
    "interceptors": "interceptors",
    "live": "live",
    "feedback": "feedback",
    "the reports": "report",
    "the proxy": "proxy",
    "the plugin": "plugin",
    "the suite": "suite",
    "the command": "commands cli __main__",
}
LEVEL = {name: level for level, names in enumerate(FLOORS.values()) for name in names.split()}


def module_name(file: Path) -> str:
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name: file for file in SOURCE.rglob("*.py") if (name := module_name(file))}


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Each module of the package that a file imports, wherever in it, with the line."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(f"{PACKAGE}."):
                    yield alias.name.removeprefix(f"{PACKAGE}."), node.lineno
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            base = (node.module or "").removeprefix(PACKAGE).lstrip(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".lstrip(".")
                yield (whole if whole in MODULES else base), node.lineno


GRAPH = {name: {one for one, _ in imports(file)} for name, file in MODULES.items()}


def floor(module: str) -> str:
    return module.partition(".")[0]


def below(module: str) -> set[str]:
    """Everything that a module needs, directly or not."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for one in GRAPH[waiting.pop()] - found:
            found.add(one)
            waiting.append(one)
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_downwards_only(module: str) -> None:
    assert floor(module) in LEVEL, (
        f"{module} is on no floor: add {floor(module)} to FLOORS in "
        "tests/project/test_architecture.py and to the table in docs/architecture.md, on the "
        "lowest floor that has what it imports"
    )
    up = [
        f"{module} ({MODULES[module].name}:{line}) imports {one}, which is on a higher floor: "
        "move what it needs down, or hand it in as an argument"
        for one, line in imports(MODULES[module])
        if LEVEL[floor(one)] > LEVEL[floor(module)]
    ]
    assert up == []


def test_no_module_imports_itself_by_a_detour() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(f"these modules import each other in a circle: {' <- '.join(error.args[1])}")


def test_no_import_is_relative() -> None:
    relative = [
        f"{file.name}:{node.lineno}"
        for file in MODULES.values()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_the_page_about_it_says_the_same() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", page, re.MULTILINE)[2:]
    told = {name: {one.strip("`/") for one in modules.split()} for name, modules in rows}

    assert told == {name: set(modules.split()) for name, modules in FLOORS.items()}


@pytest.mark.parametrize(
    "module", ["suite.tables.scenarios", "suite.scenario", "suite.expectations"]
)
def test_what_the_suite_expects_comes_from_nowhere_else(module: str) -> None:
    brains = {"model.clause", "model.contract", "model.checker", "model.member_rules"}

    assert below(module) & brains == set()
    assert "service" not in {floor(one) for one in below(module)}


@pytest.mark.parametrize(
    "module", ["commands.verify", *(n for n in MODULES if floor(n) == "suite")]
)
def test_the_suite_runs_without_the_plugin(module: str) -> None:
    """Its settings are handed over as a value, so nothing has to read options for it."""
    text = MODULES[module].read_text("utf-8")

    assert "plugin" not in {floor(one) for one in below(module)}
    assert f"{PACKAGE}.plugin" not in text
    assert "--personalize-" not in text


def test_a_word_of_the_field_names_one_class() -> None:
    page = (ROOT / "docs" / "concepts.md").read_text("utf-8")
    words = [*re.findall(r"^\| (\w+) \|", page, re.MULTILINE), "finding", "outcome", "call"]
    named = [
        node.name
        for file in MODULES.values()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert [word for word in words if named.count(word.capitalize()) > 1] == []
