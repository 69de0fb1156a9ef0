"""The state of one pytest run: its tally, its live service, and its loopback endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from personalize_contract.errors import PersonalizeContractError

if TYPE_CHECKING:
    from personalize_contract.live.access import Live
    from personalize_contract.plugin.loopback import Loopbacks
    from personalize_contract.plugin.marked import Marked
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.settings import Settings

MARKED: pytest.StashKey[Marked] = pytest.StashKey()
"""The session of a test while it is open."""

TALLY = pytest.StashKey["Tally"]()
"""The tally of the run; absent until an event is counted."""

LOOPBACKS = pytest.StashKey["Loopbacks"]()
"""The loopback endpoints of the run; absent until a marked test is set up."""

_LIVE = pytest.StashKey["Live | PersonalizeContractError"]()
"""The live service of the run, or the error of connecting to it."""


def tally(config: pytest.Config) -> Tally:
    """Return the tally of this run."""
    from personalize_contract.plugin.summary import Tally

    return config.stash.setdefault(TALLY, Tally())


def loopbacks(config: pytest.Config) -> Loopbacks:
    """Return the loopback endpoints of this run."""
    if LOOPBACKS not in config.stash:
        from personalize_contract.plugin.loopback import Loopbacks

        config.stash[LOOPBACKS] = Loopbacks()
    return config.stash[LOOPBACKS]


def live_service(config: pytest.Config, settings: Settings) -> Live | None:
    """Return the live service of this run, connected once; None for another target.

    Raises:
        PersonalizeContractError: it can't be connected to.
    """
    if settings.target != "live":
        return None
    if _LIVE not in config.stash:
        from personalize_contract.live.access import connect

        try:
            config.stash[_LIVE] = connect(settings, keep_alive=True)
        except PersonalizeContractError as error:
            config.stash[_LIVE] = error
    live = config.stash[_LIVE]
    if isinstance(live, PersonalizeContractError):
        raise live
    return live


def count_waits(config: pytest.Config) -> None:
    """Add the reasons of waits for the live service to the tally."""
    live = config.stash.get(_LIVE, None)
    if live and not isinstance(live, PersonalizeContractError):
        while live.notes:
            tally(config)["waited", live.notes.pop()] += 1
