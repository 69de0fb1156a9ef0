"""The project's tasks. `nox --list` shows them, `nox -s NAME -- ARGUMENTS` runs one."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "test"]
nox.options.reuse_existing_virtualenvs = True

DIST = Path("dist")
PYPROJECT = nox.project.load_toml("pyproject.toml")


def install(session: nox.Session, *groups: str) -> None:
    """Install the package as editable, with these dependency groups."""
    session.install("-e", ".", *nox.project.dependency_groups(PYPROJECT, *groups))


@nox.session
def test(session: nox.Session) -> None:
    """Run the tests on the current Python; arguments are passed to pytest."""
    install(session, "test")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and types."""
    install(session, "test", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """Print the benchmarks beside other libraries; arguments select tables."""
    install(session, "bench")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def adversary(session: nox.Session) -> None:
    """Run all adversarial tests without limits; arguments select parts."""
    install(session, "test")
    session.run("python", "tests/adversary", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the quick tests at the lowest versions that pyproject.toml allows."""
    session.run("python", "tests/lowest.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation in site/; a broken link or anchor fails."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "docs"))
    session.run("properdocs", "build", "--strict", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Build the sdist and the wheel in dist/ and check them; the argument is the tag, if any."""
    version_tag = f"v{PYPROJECT['project']['version']}"
    if session.posargs not in ([], [version_tag]):
        session.error(
            f"the tag is {' '.join(session.posargs)}, but the version in pyproject.toml requires "
            f"{version_tag}: correct one of them"
        )
    session.install(*nox.project.dependency_groups(PYPROJECT, "release"))
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(DIST))
    session.run("twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))


@nox.session
def owner(session: nox.Session) -> None:
    """Refuse a release to an index whose project isn't published from this repository."""
    session.run("python", ".github/index_owner.py", *session.posargs)
