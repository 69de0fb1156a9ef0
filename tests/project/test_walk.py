"""The walk of one request through the modules is as in docs/architecture.md."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import botocore.session
import pytest

from personalize_contract.cassette.loader import load
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss
from personalize_contract.interceptors import identity
from personalize_contract.interceptors.install import of_sdks
from personalize_contract.model.datasets import DUMMY
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import serve
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.settings import Settings
from personalize_contract.suite.run import opened
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets.base import Recorded, Recorder, Target

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text("utf-8")
PACKAGE = "personalize_contract."


def documented(mode: str) -> list[str]:
    """Return the modules of a walk, as listed on the page."""
    (line,) = re.findall(rf"^\| {mode} \| (.+) \|$", PAGE, re.MULTILINE)
    return re.findall(r"`([\w.]+)`", line)


def walk(target: Target) -> list[str]:
    """Return the modules that one put_items of a marked test enters."""
    client: Any = botocore.session.Session().create_client(
        "personalize-events", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    put: Callable[[], Any] = lambda: client.put_items(  # noqa: E731
        datasetArn=DUMMY["active"], items=[{"itemId": "tea", "properties": "{}"}]
    )
    with of_sdks(Session(target, Mark()), identity.DUMMY):
        return entered_by(put)


def entered_by(request: Callable[[], object]) -> list[str]:
    """Return the modules that a request enters, in order of first entry."""
    entered: dict[str, None] = {}

    def profile(frame: FrameType, event: str, _: object) -> None:
        name = str(frame.f_globals.get("__name__", ""))
        if event == "call" and name.startswith(PACKAGE):
            entered[name.removeprefix(PACKAGE)] = None

    sys.setprofile(profile)
    try:
        request()
    finally:
        sys.setprofile(None)
    return list(entered)


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    path = tmp_path / "it.personalize.yaml"
    service = serve(Session(None, Mark()))
    with Recording(path, Provenance("reference")) as recording:
        walk(Recorder(service.target, recording, Redactor()))  # data that is read once is read here
        recording.save()
    service.close()
    return path


def test_a_replayed_request_takes_the_documented_walk(cassette: Path) -> None:
    replay = Replay(cassette, load(cassette), Redactor(), Matching())
    assert walk(Recorded(replay, lambda *_: Miss(""))) == documented("replay")


def test_a_recorded_request_takes_the_documented_walk(cassette: Path, tmp_path: Path) -> None:
    service = serve(Session(None, Mark()))
    with Recording(tmp_path / "new.personalize.yaml", Provenance("reference")) as recording:
        assert walk(Recorder(service.target, recording, Redactor())) == documented("record")
    service.close()


def test_a_request_of_the_suite_takes_the_documented_walk() -> None:
    scenarios = {row.id: row for row in SCENARIOS["PutItems"]}
    with opened(Settings(target="reference")) as run:
        run.outcome(scenarios["items-10"])  # data that is read once is read here
        assert entered_by(lambda: run.outcome(scenarios["success"])) == documented("suite")
