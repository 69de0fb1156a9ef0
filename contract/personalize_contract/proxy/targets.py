"""The targets of the proxy: a live service, recorded or not, or cassettes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from personalize_contract.cassette import folders, loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import CassetteError
from personalize_contract.feedback.miss_report import Explainer
from personalize_contract.live.access import connect
from personalize_contract.model.datasets import stand_ins
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.proxy.handler import Notify
from personalize_contract.settings import Settings
from personalize_contract.targets import connection
from personalize_contract.targets.base import Recorded, Recorder, Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint, Readdressed

NAME = f"recorded{folders.SUFFIX}"
"""The name of the recorded cassette in its folder."""


@dataclass
class Opened:
    """An open target.

    Args:
        target: the target.
        redactor: the redactor of written and reported texts.
        notes: the last lines of the summary.
    """

    target: Target
    redactor: Redactor
    notes: list[str] = field(default_factory=list)


@contextlib.contextmanager
def forwarding(settings: Settings, record: Path | None, notify: Notify) -> Iterator[Opened]:
    """Forward requests to a live service, signed again, and record its answers in a folder.

    The guards of live runs protect AWS and emulated accounts here too.

    Args:
        settings: the options of the live service.
        record: the folder; None to record nothing.
        notify: the callback for waiting times.

    Raises:
        UsageError: the options don't allow a live run.
        CassetteError: the folder can't be written to, or another recording into it is in progress.
    """
    target, to = _live(settings, notify)
    redactor = Redactor(stand_ins(settings.datasets), to.secrets)
    if record is None:
        yield Opened(target, redactor)
        return
    provenance = replace(Provenance.now(to.answered_by, to.region, "serve"), sdk="")
    with Recording(record / NAME, provenance) as recording:
        opened = Opened(Recorder(target, recording, redactor), redactor)
        try:
            yield opened
        finally:
            if recording.count:
                opened.notes.append(_saved(recording))
        opened.notes += _left_behind(record)


def _live(settings: Settings, notify: Notify) -> tuple[Target, Connection]:
    to_aws = settings.endpoint_url is None or connection.is_aws(settings.endpoint_url)
    if to_aws or settings.account or settings.datasets:
        live = connect(settings, notify, keep_alive=True)
        return Readdressed(live.target, live.connection), live.connection
    to = connection.live(settings)
    inner = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle, keep_alive=True)
    return Readdressed(inner, to), to


def _saved(recording: Recording) -> str:
    path = display.path(recording.path)
    if recording.save():
        return f"recorded in {path}"
    return f"{path}: not overwritten: the existing recording has stronger provenance"


@contextlib.contextmanager
def replaying(folder: Path, command: str) -> Iterator[Opened]:
    """Answer from the cassettes in a folder.

    Args:
        folder: the folder of cassettes, or a single one.
        command: the command that records them, for the messages of misses.

    Raises:
        CassetteError: there is none, or one can't be read.
    """
    paths = list(folders.files_in([folder], folders.is_cassette))
    if not paths:
        raise CassetteError(folder, f"no cassette in this folder; record one: {command}")
    cassettes = [loader.load(path) for path in paths]
    exchanges = tuple(exchange for cassette in cassettes for exchange in cassette.exchanges)
    redactor = Redactor()
    replay = Replay(folder, Cassette(cassettes[0].provenance, exchanges), redactor, Matching())
    opened = Opened(Recorded(replay, Explainer(command)), redactor, _left_behind(folder))
    try:
        yield opened
    finally:
        if unused := replay.unused():
            opened.notes.append(
                f"{len(unused)} of the {len(exchanges)} recorded exchanges were not used"
            )


def _left_behind(folder: Path) -> list[str]:
    return [
        f"{display.path(path)}: left behind by an interrupted recording; run "
        f"`personalize-contract recover {display.path(path)}`"
        for path in folders.files_in([folder], folders.is_journal)
        if folders.is_journal(path) and path.name != f"{NAME}.partial.jsonl"
    ]
