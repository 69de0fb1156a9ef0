from __future__ import annotations

import os
import time
from collections.abc import Callable
from textwrap import dedent

import pytest

from helpers import forked
from helpers.no_credentials import no_credentials
from helpers.shop import Shop

RepoWith = Callable[..., Shop]

OURS = "personalize_contract.plugin"


class Another(Shop):
    """A repo whose pytest runs in a forked process, with other plugins loaded."""

    def __init__(self, pytester: pytest.Pytester, plugins: tuple[str, ...]) -> None:
        super().__init__(pytester)
        self._loaded = [option for name in plugins for option in ("-p", name)]

    def tests(self, source: str, name: str = "test_shop") -> None:
        """Write a module of tests that share a client, since a new one each time costs more."""
        super().tests(
            "import functools\n\nclient = functools.cache(client)\n" + dedent(source), name
        )

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest."""
        options = ("-p", "no:cacheprovider", *self._loaded, *arguments)
        began = time.monotonic()
        env = {**os.environ, "PYTHONPATH": str(self.path)}
        with forked.started(forked.pytest_run, *options, env=env, cwd=self.path) as run:
            done = run.completed(300)
        output, errors = done.stdout.splitlines(), done.stderr.splitlines()
        return pytest.RunResult(done.returncode, output, errors, time.monotonic() - began)


class Installed(Another):
    """A repo whose pytest starts as in a shell, and loads all installed plugins."""

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest."""
        options = ("-p", "no:cacheprovider", *arguments)
        return self.pytester.runpytest_subprocess(*options, timeout=300)


@pytest.fixture
def with_all(
    repo_with: RepoWith, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """The repo of a user with this plugin and all the others installed by pip."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    shop = Installed(pytester, ())
    shop.ini("asyncio_default_fixture_loop_scope = function")
    return shop


@pytest.fixture
def repo_with(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RepoWith:
    """A factory of repos that load these plugins, given by module, and this one."""
    no_credentials(monkeypatch)
    for name in list(os.environ):
        if name.startswith("PYTEST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def make(*plugins: str) -> Shop:
        return Another(pytester, (OURS, *plugins))

    return make
