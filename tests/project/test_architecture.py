"""The layers: imports point one way, and the suite shares no knowledge with the service."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "personalize_contract"
SOURCE = ROOT / "contract" / PACKAGE

# Lowest first. A module imports only from its own floor and from those above it in this table, and
# never in a cycle. A package stands for all its modules. docs/architecture.md has the same table.
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
    """Yield each module of the package that a file imports anywhere, with the line."""
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


GRAPH = {name: {module for module, _ in imports(file)} for name, file in MODULES.items()}


def floor(module: str) -> str:
    return module.partition(".")[0]


def below(module: str) -> set[str]:
    """Return all direct and indirect dependencies of a module."""
    dependencies: set[str] = set()
    pending = [module]
    while pending:
        for imported in GRAPH[pending.pop()] - dependencies:
            dependencies.add(imported)
            pending.append(imported)
    return dependencies


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_downwards_only(module: str) -> None:
    assert floor(module) in LEVEL, (
        f"{module} is on no floor: add {floor(module)} to FLOORS in "
        "tests/project/test_architecture.py and to the table in docs/architecture.md, on the "
        "lowest floor that has what it imports"
    )
    up = [
        f"{module} ({MODULES[module].name}:{line}) imports {imported}, which is on a higher floor: "
        "move the needed code down, or pass it as an argument"
        for imported, line in imports(MODULES[module])
        if LEVEL[floor(imported)] > LEVEL[floor(module)]
    ]
    assert up == []


def test_there_are_no_import_cycles() -> None:
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


def test_the_page_has_the_same_floors() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", page, re.MULTILINE)[2:]
    documented_floors = {
        name: {module.strip("`/") for module in modules.split()} for name, modules in rows
    }

    assert documented_floors == {name: set(modules.split()) for name, modules in FLOORS.items()}


@pytest.mark.parametrize(
    "module", ["suite.tables.scenarios", "suite.scenario", "suite.expectations"]
)
def test_expectations_depend_on_neither_contract_nor_service(module: str) -> None:
    brains = {"model.clause", "model.contract", "model.checker", "model.member_rules"}

    assert below(module) & brains == set()
    assert "service" not in {floor(dependency) for dependency in below(module)}


@pytest.mark.parametrize(
    "module", ["commands.verify", *(n for n in MODULES if floor(n) == "suite")]
)
def test_the_suite_runs_without_the_plugin(module: str) -> None:
    """Its settings are handed over as a value, so nothing has to read options for it."""
    text = MODULES[module].read_text("utf-8")

    assert "plugin" not in {floor(dependency) for dependency in below(module)}
    assert f"{PACKAGE}.plugin" not in text
    assert "--personalize-" not in text


def test_class_names_are_unique() -> None:
    page = (ROOT / "docs" / "concepts.md").read_text("utf-8")
    words = [*re.findall(r"^\| (\w+) \|", page, re.MULTILINE), "finding", "outcome", "call"]
    named = [
        node.name
        for file in MODULES.values()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert [word for word in words if named.count(word.capitalize()) > 1] == []
