"""Makes the mode of a marked test from the settings of the run and the test's mark."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from personalize_contract.plugin import paths
from personalize_contract.plugin.modes import Answering, Mode, Recording, Replaying

if TYPE_CHECKING:
    import pytest

    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.shared import Part
    from personalize_contract.live.access import Live
    from personalize_contract.model.provenance import Provenance
    from personalize_contract.plugin.gone import GoneCassettes
    from personalize_contract.plugin.mark import Mark
    from personalize_contract.plugin.session import Session
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.settings import Settings
    from personalize_contract.targets.base import Target


def make(
    item: pytest.Item,
    mark: Mark,
    settings: Settings,
    live: Live | None,
    session: Session,
    stack: contextlib.ExitStack,
) -> Mode:
    """Return the mode that answers a test's requests.

    Args:
        item: the test.
        mark: its mark.
        settings: the run's settings, as they apply to this test.
        live: the live service, if that is the target.
        session: the session that gets the verdicts on verified answers.
        stack: closes the recording at the end of the test.

    Raises:
        CassetteError: the cassette can't be read, or can't be recorded now.
    """
    if settings.target == "recorded":
        return _replaying(item, mark, settings)
    target, answered_by, region = _service(settings, live)
    if settings.verify:
        return _verifying(item, mark, settings, live, target, session)
    if not settings.record:
        return Answering(target)
    from personalize_contract.cassette.recording import Recording as CassetteRecording
    from personalize_contract.model.datasets import share_a_state
    from personalize_contract.model.provenance import Provenance, days_ago

    datasets = "numbered" if share_a_state(settings.datasets) else ""
    provenance = Provenance.now(answered_by, region, item.nodeid, datasets)
    path = paths.recording_path(item, settings)
    if mark.cassette:
        from personalize_contract.plugin import shared

        recording_type: type[Recording] = shared.Recording
        part = shared.of(item, settings).part(item, path, provenance)
        recording: CassetteRecording | Part = stack.enter_context(part)
    else:
        recording_type, recording = (
            Recording,
            stack.enter_context(CassetteRecording(path, provenance)),
        )
    if settings.max_age is not None:
        # A run that records every `max_age / 2` days keeps it from ever being aged.
        recording.renew_before = days_ago(settings.max_age / 2)
    return recording_type(
        target,
        recording,
        redactor(mark, settings, live),
        _matching(mark, settings),
        fail_unused=mark.unused == "fail",
    )


def _verifying(
    item: pytest.Item,
    mark: Mark,
    settings: Settings,
    live: Live | None,
    target: Target,
    session: Session,
) -> Replaying:
    """Return a replay whose requests are sent on to a target, and the answers compared."""
    from personalize_contract.plugin.verifying import Verified, absent
    from personalize_contract.privacy import display

    mode = _replaying(item, mark, settings, live)
    mode.outcome = "verified"
    mode.target = Verified(
        mode.target,
        target,
        session,
        mode.redactor,
        display.path(mode.path),
        mode.record_command,
        paths.repeat_command(item.config, item.nodeid),
        absent(settings),
    )
    return mode


def _replaying(
    item: pytest.Item, mark: Mark, settings: Settings, live: Live | None = None
) -> Replaying:
    from personalize_contract.model.datasets import share_a_state

    path = paths.cassette_path(item, settings)
    shared = None
    if mark.cassette:
        from personalize_contract.plugin.shared import of

        shared = of(item, settings)
    cassette = shared.cassette if shared else paths.load(path, item.nodeid)
    record_target = (
        "live" if settings.target == "live" else _record_target(cassette.provenance, settings)
    )
    is_numbered = cassette.provenance.datasets == "numbered" or not cassette.exchanges
    shares = share_a_state(settings.datasets) and not is_numbered
    return (shared.replaying if shared else Replaying)(
        path,
        cassette,
        redactor(mark, settings, live, numbered=not shares),
        _matching(mark, settings),
        shared.record_command(record_target)
        if shared
        else paths.record_command(item, record_target),
        mark,
        partial(_gone, item, mark, settings),
        shares_dummies=shares,
        max_age=settings.max_age,
        test=item.nodeid if shared else "",
    )


def _gone(item: pytest.Item, mark: Mark, settings: Settings) -> GoneCassettes:
    from personalize_contract.plugin.gone import GoneCassettes

    return GoneCassettes(item, (mark.ignore, mark.items_any_order, mark.redact), settings)


def _matching(mark: Mark, settings: Settings) -> Matching:
    from personalize_contract.cassette.matching import Matching

    return Matching((*settings.ignore, *mark.ignore), mark.items_any_order)


def redactor(
    mark: Mark, settings: Settings, live: Live | None = None, *, numbered: bool = True
) -> Redactor:
    """Return the redactor of a test's requests.

    Args:
        mark: the mark of the test.
        settings: the run's settings, as they apply to this test.
        live: the live service, if that is the target.
        numbered: whether several datasets of one state have a dummy each.
    """
    from personalize_contract.model.datasets import PREFIX, stand_ins
    from personalize_contract.privacy.redaction import Redactor

    secrets = live.connection.secrets if live else ()
    arns = stand_ins(settings.datasets, numbered=numbered)
    if settings.verify:
        arns[PREFIX] = ""  # an id with it is the id without it
    members = (*settings.redact, *mark.redact)
    return Redactor(arns, secrets, members, settings.placeholders, settings.keep)


def _service(settings: Settings, live: Live | None) -> tuple[Target, str, str]:
    """Return the target that answers, its name as provenance, and its region."""
    if live:
        from personalize_contract.targets.endpoint import Readdressed

        to = live.connection
        return Readdressed(live.target, to), to.answered_by, to.region
    from personalize_contract.model.datasets import REGION
    from personalize_contract.service import core
    from personalize_contract.service.store import Store
    from personalize_contract.targets.base import InProcess

    store = Store()
    store.add_dummies()
    for arn, state in settings.datasets.items():
        store.add_dataset(arn, state)
    return InProcess(partial(core.respond, store=store), "reference"), "reference", REGION


def _record_target(provenance: Provenance, settings: Settings) -> str:
    """Return the target whose recording would be allowed to replace the old one."""
    if provenance.answered_by == "endpoint" and not settings.endpoint_url:
        return "live --personalize-endpoint-url URL"  # a cassette doesn't hold the URL
    return "live" if provenance.answered_by in ("aws", "endpoint") else "reference"
