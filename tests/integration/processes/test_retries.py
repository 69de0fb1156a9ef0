"""A cassette does not depend on the SDK's retry configuration.

A real client calls a service that fails at times, recorded in one retry mode and replayed in all.
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
from personalize_contract.interceptors import botocore as interceptor
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
    """Skip botocore's waits of up to seconds between attempts."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def put(mode: str, *names: str) -> list[int]:
    """Put each item in a separate call, and return the statuses that the caller got."""
    retries: Any = MODES[mode]
    client: Any = botocore.session.Session().create_client(
        "personalize-events",
        "us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries=retries),
    )
    statuses = []
    for name in names:
        try:
            answer = client.put_items(datasetArn=ACTIVE, items=[{"itemId": name}])
        except client.exceptions.ClientError as error:
            answer = error.response
        statuses.append(answer["ResponseMetadata"]["HTTPStatusCode"])
    return statuses


def recorded(path: Path, mode: str, fails: list[bool], *names: str) -> tuple[list[int], int]:
    """Record against a failing service, and return the caller's statuses and the request count.

    Args:
        path: the cassette.
        mode: the name of the retry mode.
        fails: the failures of the first requests; all later ones succeed.
        names: the item id of each call.
    """
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
        with interceptor.patched(Session(target, Mark()), DUMMY_IDENTITY):
            statuses = put(mode, *names)
        recording.save()
    return statuses, sent


def replayed(path: Path, mode: str, *names: str) -> tuple[list[int], int]:
    """Return the statuses that the caller got, and the number of unused exchanges."""
    replay = Replay(path, loader.load(path), Redactor(), Matching())
    target = Recorded(replay, lambda *_: Miss("nothing is recorded"))
    with interceptor.patched(Session(target, Mark()), DUMMY_IDENTITY):
        return put(mode, *names), len(replay.unused())


@pytest.mark.parametrize("mode", ["standard", "legacy", "adaptive"])
def test_a_retried_call_is_one_exchange(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    assert recorded(path, mode, [True, False, False, True, True], "a", "b", "c") == (
        [200, 200, 200],
        6,
    )
    assert [each.response.status for each in loader.load(path).exchanges] == [200, 200, 200]
    for other in MODES:
        assert replayed(path, other, "a", "b", "c") == ([200, 200, 200], 0)


def test_a_call_that_fails_after_all_retries_is_one_exchange(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    assert recorded(path, "standard", [True] * 3, "a", "b") == ([500, 200], 4)
    assert [each.response.status for each in loader.load(path).exchanges] == [500, 200]
    for other in MODES:
        assert replayed(path, other, "a", "b") == ([500, 200], 0)


def test_two_equal_calls_are_two_exchanges(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    recorded(path, "none", [True, False], "a", "a")
    assert replayed(path, "none", "a", "a") == ([500, 200], 0)
    assert replayed(path, "none", "a") == ([500], 1)
