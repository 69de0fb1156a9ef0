"""Failures of a whole run instead of a test, each reported as if it were a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from personalize_contract.plugin import options
from personalize_contract.privacy import display

if TYPE_CHECKING:
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.settings import Settings


def report(session: pytest.Session, tally: Tally, name: str, text: str, title: str = "") -> None:
    """Report a failure of the run.

    Args:
        session: the session of the run.
        tally: the tally of the run, in which it is noted for reports.
        name: the name to report, in place of a node id.
        text: the problem. The first line makes sense alone.
        title: the kind of problem, for reports; `""` if the name says it.
    """
    tally["problem", title or name, "", name if title else "", text, ""] = 1
    location = (name.partition("::")[0], None, name)
    failure = pytest.TestReport(name, location, {}, "failed", display.message(text), "call")
    setattr(failure, options.OURS, "run")
    session.config.hook.pytest_runtest_logreport(report=failure)


def fail_on_cassettes(session: pytest.Session, tally: Tally, settings: Settings) -> None:
    """Fail a run if it used cassettes of the kinds in the ini key `personalize_fail_on`."""
    from personalize_contract.plugin.summary import CASSETTES

    for kind in settings.fail_on:
        if paths := sorted(key[1] for key in tally if key[0] == kind):
            cassettes = f"{len(paths)} cassette{'' if len(paths) == 1 else 's'}"
            lines = [f"{cassettes}: {CASSETTES[kind]}", *(f"  {path}" for path in paths)]
            report(session, tally, f"personalize_fail_on = {kind}", "\n".join(lines))
