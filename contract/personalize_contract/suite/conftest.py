"""Who answers the suite: what `--personalize-target` says, for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personalize_contract.errors import PersonalizeContractError, UsageError
from personalize_contract.model.contract import load
from personalize_contract.settings import KEY
from personalize_contract.suite.run import LIVE, STOPPED, Run, opened
from personalize_contract.suite.tables.scenarios import SCENARIOS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each scenario of the operation that was asked for."""
    if "scenario" in metafunc.fixturenames:
        asked = metafunc.config.getoption("personalize_operation")
        rows = SCENARIOS[load(asked).operation]
        metafunc.parametrize("scenario", rows, ids=[row.id for row in rows])


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Iterator[Run]:
    """The target, connected."""
    try:
        settings = pytestconfig.stash[KEY]._replace(option_prefix="--")
        if settings.record and not settings.cassettes:
            raise UsageError(
                "recording the suite needs a folder for its cassettes: "
                "-o personalize_cassettes=DIR, or `verify --record --cassettes DIR`"
            )
        with opened(settings, pytestconfig.stash.get(LIVE, None)) as run:
            yield run
    except PersonalizeContractError as error:
        if hasattr(pytestconfig, "workeroutput"):
            pytestconfig.workeroutput[STOPPED] = str(error)
        pytest.exit(str(error), returncode=2)
