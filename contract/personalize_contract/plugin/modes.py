"""One marked test, from its set-up to its teardown: who answers, and what is patched meanwhile.

Who answers: the service of the fixture `personalize_service`, else the target of the run. While
the session is open, botocore's traffic comes to it, the network is closed to everything else, and
unless the target is live, dummy credentials and a region stand where an SDK looks for them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import CassetteMissing
from personalize_contract.interceptors import aws_hosts, install
from personalize_contract.live.access import Live
from personalize_contract.model import contract
from personalize_contract.model.datasets import REGION, stand_ins
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance, model_digest
from personalize_contract.plugin import summary
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.miss_report import Explainer
from personalize_contract.plugin.network_guard import guarded, or_allow
from personalize_contract.plugin.paths import cassette_path, record_command
from personalize_contract.plugin.session import Session
from personalize_contract.plugin.summary import Tally
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.service import core
from personalize_contract.service.embedded import Service
from personalize_contract.service.signatures import DUMMY_CREDENTIALS
from personalize_contract.service.store import Store
from personalize_contract.settings import Settings
from personalize_contract.targets.base import InProcess, Recorded, Recorder, Target
from personalize_contract.targets.endpoint import Readdressed


@dataclass(slots=True)
class Marked:
    """A test with an open session.

    Args:
        test: its node id.
        session: what it sends goes here.
        mark: what it says about itself.
        replay: the cassette that answers, or None.
        stale: whether that was recorded with another service model.
        recording: the cassette that is being made, or None.
        redactor: of what is recorded, or None.
        service: the service of the fixture, or None.
        passed: whether the test ran, and passed.
        saved: whether the recording is the cassette now; None before that is known.
        left: whether the run was interrupted, and what was recorded is in the journal.
    """

    test: str
    session: Session
    mark: Mark
    replay: Replay | None = None
    stale: bool = False
    recording: Recording | None = None
    redactor: Redactor | None = None
    service: Service | None = None
    passed: bool = False
    saved: bool | None = None
    left: bool = False

    def finish(self) -> str:
        """What is left to say once the test is over; saves the recording of one that passed.

        Raises:
            CassetteError: the recording can't be written; its journal holds it.
        """
        if not self.passed:
            return ""
        problems = [
            f"this test says that it breaks {clause}, and none of its requests did: "
            "take it out of `violates`, or make it happen"
            for clause in self.session.missing_violations()
        ]
        if self.replay and self.mark.unused == "fail" and (unused := self.replay.unused()):
            problems.append(_unused(self.replay, unused))
        if self.recording and not problems and (self._sent or self.recording.path.exists()):
            self.saved = self.recording.save()
        return "\n\n".join(problems)

    def leave(self) -> None:
        """The run is interrupted: what was recorded stays in its journal."""
        if self.recording:
            self.recording.leave()
            self.left = self._sent > 0

    @property
    def _sent(self) -> int:
        return self.session.answered.total()

    def tally(self) -> Tally:
        """What the summary of the run says of this test."""
        found = summary.advised(self.session.advice.items())
        what = "replayed" if self.replay else "recorded" if self.saved else "answered"
        for who, count in self.session.answered.items():
            found[what, who] += count
        if self.session.violations:
            found["violations",] = self.session.violations
        if self.replay and self.passed and (unused := self.replay.unused()):
            found["unused", display.path(self.replay.path)] = len(unused)
        if self.replay and self.stale:
            found["stale", display.path(self.replay.path)] = 1
        if self.redactor and self.saved:
            for path, met in self.redactor.met.items():
                found["redact", path] += met
        if self.recording and self.saved is False:
            found["kept", display.path(self.recording.path)] = 1
        if self.recording and self.left:
            found["interrupted", display.path(self.recording.path)] = 1
        if self.service and self.passed and (waiting := self.service.waiting):
            found["faults", self.test] = waiting
        return found


def _unused(replay: Replay, unused: list[Exchange]) -> str:
    return (
        f"{len(unused)} of the {len(replay.recorded)} exchanges recorded in "
        f"{display.path(replay.path)} were not asked for: "
        "a request that this test used to send is not sent any more. "
        'If that is right, record the test again, or say unused="report" in its mark'
    )


@contextlib.contextmanager
def opened(
    item: pytest.Item, mark: Mark, settings: Settings, live: Live | None, *, service: bool
) -> Iterator[Marked]:
    """The session of one test, with everything in place for it.

    Args:
        item: the test.
        mark: what it says about itself.
        settings: of the run.
        live: the live service of the run, if that is the target.
        service: whether the test uses the fixture `personalize_service`.

    Raises:
        CassetteError: its cassette can't be read, or can't be recorded now.
    """
    with contextlib.ExitStack() as stack:
        redactor = Redactor(
            stand_ins(settings.datasets),
            _own(live) if live else (),
            (*settings.redact, *mark.redact),
        )
        session = _session(item, mark, settings)
        marked = Marked(item.nodeid, session, mark)
        at = [url for url in (settings.endpoint_url, live and live.connection.url) if url]
        if service:
            marked.service = Service()
            stack.callback(marked.service.close)
            session.target = marked.service
            marked.service.front = session.respond
            at = marked.service.urls
        elif settings.target == "recorded":
            path = cassette_path(item, settings)
            recorded = _recorded(path)
            matching = Matching((*settings.ignore, *mark.ignore), mark.items_any_order)
            marked.replay = Replay(path, recorded, redactor, matching)
            marked.stale = recorded.provenance.service_model not in ("", model_digest())
            command = record_command(item, _again(recorded.provenance, settings))
            session.target = Recorded(marked.replay, Explainer(command))
        else:
            target, answered_by, region = _answering(settings, live)
            session.target = target
            if settings.record:
                provenance = Provenance.now(answered_by, region, item.nodeid)
                marked.recording = stack.enter_context(
                    Recording(cassette_path(item, settings), provenance)
                )
                marked.redactor = redactor
                session.target = Recorder(target, marked.recording, redactor)
        # An endpoint near by may be asked by somebody who has no credentials at all.
        dummy = live is None or service or live.connection.credentials is DUMMY_CREDENTIALS
        region = live.connection.region if live and not service else REGION
        stack.enter_context(_environment(region, dummy=dummy))
        open_to = [*settings.allowed_hosts, *(_hosts(live) if live else ())]
        stack.enter_context(guarded(open_to, _in_process if service else _instead))
        stack.enter_context(install.of_sdks(session, unsigned=dummy))
        stack.enter_context(install.of_http(session, aws_hosts.ours(at), in_process=service))
        yield marked


def _session(item: pytest.Item, mark: Mark, settings: Settings) -> Session:
    off = settings.no_advice
    if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
        # One item in each of a hundred examples is no loop that could put ten.
        off = (*off, "one-at-a-time")
    return Session(None, mark, off, strict=settings.strict)


@contextlib.contextmanager
def checked_only(item: pytest.Item, settings: Settings) -> Iterator[Marked]:
    """A session that checks what a test sends and leaves the answer to whoever gives it."""
    mark = Mark()
    session = _session(item, mark, settings)
    is_ours = aws_hosts.ours([settings.endpoint_url] if settings.endpoint_url else [])
    with install.of_sdks(session, unsigned=False), install.of_mocks(session, is_ours):
        yield Marked(item.nodeid, session, mark)


def _answering(settings: Settings, live: Live | None) -> tuple[Target, str, str]:
    """Who answers, who that is, and in which region."""
    if live:
        to = live.connection
        return Readdressed(live.target, to), to.answered_by, to.region
    store = Store()
    store.add_dummies()
    for arn, state in settings.datasets.items():
        store.add_dataset(arn, state)
    return InProcess(lambda request: core.answer(request, store), "reference"), "reference", REGION


def _instead(host: str) -> str:
    if aws_hosts.is_of_aws(host):
        return (
            "What this client sends there is not answered for it: the mark is about "
            f"{' and '.join(contract.operations())}, sent by boto3, botocore, aiobotocore, "
            "requests, urllib3, httpx or aiohttp"
        )
    return or_allow(host)


def _in_process(host: str) -> str:
    if aws_hosts.is_of_aws(host):
        return "This client reaches the service of the test by its URL, personalize_service.url"
    return or_allow(host)


def _own(live: Live) -> list[str]:
    credentials = live.connection.credentials
    return [one for one in (credentials.secret_key, credentials.token) if one]


def _hosts(live: Live) -> Iterator[str]:
    """The hosts on the way to the live service: its own, and a proxy's."""
    url = live.connection.url
    yield urlsplit(url).hostname or ""
    from requests.utils import get_environ_proxies

    for proxy in get_environ_proxies(url).values():
        yield urlsplit(proxy).hostname or ""


@contextlib.contextmanager
def _environment(region: str, *, dummy: bool) -> Iterator[None]:
    """A region, and dummy credentials, where an SDK looks for them.

    Args:
        region: for whoever has none.
        dummy: whether there are credentials to put in the place of real ones.
    """
    new: dict[str, str | None] = {
        name: os.environ.get(name, region) for name in ("AWS_DEFAULT_REGION", "AWS_REGION")
    }
    if dummy:
        new |= {
            "AWS_ACCESS_KEY_ID": DUMMY_CREDENTIALS.access_key,
            "AWS_SECRET_ACCESS_KEY": DUMMY_CREDENTIALS.secret_key,
            "AWS_SESSION_TOKEN": None,
            "AWS_SECURITY_TOKEN": None,
            "AWS_PROFILE": None,
            "AWS_DEFAULT_PROFILE": None,
        }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in new.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        yield


def _recorded(path: Path) -> Cassette:
    try:
        return loader.load(path)
    except CassetteMissing:
        # A test that sends nothing needs none; the first request that is sent says so.
        return Cassette(Provenance(), ())


def _again(provenance: Provenance, settings: Settings) -> str:
    """The target that a test is recorded from, so that the new recording replaces the old one."""
    if provenance.answered_by == "endpoint" and not settings.endpoint_url:
        return "live --personalize-endpoint-url URL"  # which is not written anywhere
    return "live" if provenance.answered_by in ("aws", "endpoint") else "reference"
