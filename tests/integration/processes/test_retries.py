"""A cassette does not depend on how often an SDK was set to try again.

A real client against a service that fails at times: recorded under one retry mode, replayed under
every other.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from adversary.listening import served
from adversary.service import Answer, Sent, right
from helpers.command import ACTIVE
from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss
from personalize_contract.interceptors import botocore as door
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.targets.base import Recorded, Recorder
from personalize_contract.targets.endpoint import Endpoint

MODES = {
    "standard": {"mode": "standard", "total_max_attempts": 3},
    "legacy": {"mode": "legacy", "total_max_attempts": 3},
    "adaptive": {"mode": "adaptive", "total_max_attempts": 3},
    "none": {"total_max_attempts": 1},
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits up to seconds between attempts; how long is nothing to test here."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def put(mode: str, *names: str) -> list[int]:
    """Put an item each; gives the statuses that the caller saw."""
    retries: Any = MODES[mode]
    client: Any = botocore.session.Session().create_client(
        "personalize-events",
        "us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries=retries),
    )
    seen = []
    for name in names:
        try:
            answer = client.put_items(datasetArn=ACTIVE, items=[{"itemId": name}])
        except client.exceptions.ClientError as error:
            answer = error.response
        seen.append(answer["ResponseMetadata"]["HTTPStatusCode"])
    return seen


def recorded(path: Path, mode: str, fails: list[bool], *names: str) -> tuple[list[int], int]:
    """Record against a service whose answers fail in turn; the statuses and the requests sent."""
    failing = chain(fails, repeat(False))
    sent = 0

    def around(request: Sent, answer: Answer) -> Answer:
        nonlocal sent
        sent += 1
        return Answer(500) if next(failing) else answer

    with (
        served(replace(right(), around=around)) as url,
        Recording(path, Provenance("endpoint")) as recording,
    ):
        target = Recorder(Endpoint(url, "endpoint"), recording, Redactor())
        with door.patched(Session(target, Mark()), DUMMY_IDENTITY):
            seen = put(mode, *names)
        recording.save()
    return seen, sent


def replayed(path: Path, mode: str, *names: str) -> tuple[list[int], int]:
    """Return the statuses that the caller saw, and the unused exchanges."""
    replay = Replay(path, loader.load(path), Redactor(), Matching())
    target = Recorded(replay, lambda *_: Miss("nothing is recorded"))
    with door.patched(Session(target, Mark()), DUMMY_IDENTITY):
        return put(mode, *names), len(replay.unused())


@pytest.mark.parametrize("mode", ["standard", "legacy", "adaptive"])
def test_a_failure_that_was_tried_again_is_one_exchange(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    assert recorded(path, mode, [True, False, False, True, True], "a", "b", "c") == (
        [200, 200, 200],
        6,
    )
    assert [one.response.status for one in loader.load(path).exchanges] == [200, 200, 200]
    for other in MODES:
        assert replayed(path, other, "a", "b", "c") == ([200, 200, 200], 0)


def test_a_failure_that_stayed_is_one_exchange_however_often_it_is_tried(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    assert recorded(path, "standard", [True] * 3, "a", "b") == ([500, 200], 4)
    assert [one.response.status for one in loader.load(path).exchanges] == [500, 200]
    for other in MODES:
        assert replayed(path, other, "a", "b") == ([500, 200], 0)


def test_two_calls_that_say_the_same_are_two_exchanges(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    recorded(path, "none", [True, False], "a", "a")
    assert replayed(path, "none", "a", "a") == ([500, 200], 0)
    assert replayed(path, "none", "a") == ([500], 1)
