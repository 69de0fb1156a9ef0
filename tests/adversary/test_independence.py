"""A verdict of the suite on a service is worth something only if the two share no code."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SERVICES = [
    *(HERE / f"{name}.py" for name in ("service", "listening", "dialects")),
    *sorted((HERE / "defects").glob("*.py")),
]
"""The service, and whatever changes it."""


def imported(file: Path) -> set[str]:
    """Return the modules that a file imports anywhere."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_the_services_share_no_code_with_the_package(file: Path) -> None:
    own = tuple(f"adversary.{path.stem}" for path in (*SERVICES, HERE / "defects"))
    modules = imported(file)

    assert [name for name in modules if name.startswith("personalize_contract")] == []
    # Nor indirectly through other test modules.
    assert [
        name
        for name in modules
        if name.startswith(("adversary", "helpers")) and not name.startswith(own)
    ] == []
