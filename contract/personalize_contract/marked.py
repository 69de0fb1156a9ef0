"""One marked test, from its set-up to its teardown: who answers, and what is patched meanwhile.

Who answers: the service of the fixture `personalize_service`, else the target of the run. While
the session is open, botocore's traffic comes to it, the network is closed to everything else, and
unless the target is live, dummy credentials and a region stand where an SDK looks for them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from personalize_contract import cassette
from personalize_contract.cassette import text
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.connection import Connection
from personalize_contract.contract import known
from personalize_contract.datasets import REGION, stand_ins
from personalize_contract.doors import botocore as botocore_door
from personalize_contract.errors import CassetteMissing
from personalize_contract.exchange import Exchange, Request
from personalize_contract.live import Live
from personalize_contract.mark import Mark
from personalize_contract.matching import Matching
from personalize_contract.misses import explain
from personalize_contract.network import guarded
from personalize_contract.options import Settings
from personalize_contract.provenance import Provenance
from personalize_contract.redact import Redactor
from personalize_contract.service import core
from personalize_contract.service.embedded import Service
from personalize_contract.service.signatures import DUMMY_CREDENTIALS
from personalize_contract.service.store import Store
from personalize_contract.session import Session
from personalize_contract.signing import signed
from personalize_contract.targets import InProcess, Recorded, Recorder, Target


@dataclass(slots=True)
class Marked:
    """A test with an open session.

    Args:
        session: what it sends goes here.
        replay: the cassette that answers, or None.
        recording: the cassette that is being made, or None.
        service: the service of the fixture, or None.
        passed: whether nothing has failed so far.
    """

    session: Session
    mark: Mark
    replay: Replay | None = None
    recording: Recording | None = None
    service: Service | None = None
    passed: bool = False
    kept: bool = False

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
        if self.recording and not problems:
            self.kept = not self.recording.save()
        return "\n\n".join(problems)


def _unused(replay: Replay, unused: list[Exchange]) -> str:
    return (
        f"{len(unused)} of the {len(replay.recorded)} exchanges recorded in {replay.path} "
        "were not asked for: a request that this test used to send is not sent any more. "
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
    for clause in mark.violates:
        known(clause)
    with contextlib.ExitStack() as stack:
        redactor = Redactor(
            stand_ins(settings.datasets),
            _own(live) if live else (),
            (*settings.redact, *mark.redact),
        )
        session = Session(None, mark)
        marked = Marked(session, mark)
        if service:
            marked.service = Service()
            stack.callback(marked.service.close)
            session.target = marked.service
            marked.service.front = session.respond
        elif settings.target == "recorded":
            matching = Matching((*settings.ignore, *mark.ignore), mark.items_any_order)
            marked.replay = _replay(item, settings, redactor, matching)
            command = record_command(item)
            session.target = Recorded(
                marked.replay, lambda replay, request: explain(replay, request, command)
            )
        else:
            target, answered_by, region = _answering(settings, live)
            session.target = target
            if settings.record:
                provenance = Provenance.now(answered_by, region, item.nodeid)
                marked.recording = stack.enter_context(
                    Recording(cassette_path(item, settings), provenance)
                )
                session.target = Recorder(target, marked.recording, redactor)
        offline = live is None or service
        stack.enter_context(_environment(dummy=offline))
        stack.enter_context(guarded([*settings.allowed_hosts, *(_hosts(live) if live else ())]))
        stack.enter_context(botocore_door.patched(session.answer, unsigned=offline))
        yield marked


@contextlib.contextmanager
def checked_only() -> Iterator[Marked]:
    """A session that checks what a test sends and leaves the answer to whoever gives it."""
    mark = Mark()
    session = Session(None, mark)
    with botocore_door.patched(session.answer, unsigned=False):
        yield Marked(session, mark)


def _answering(settings: Settings, live: Live | None) -> tuple[Target, str, str]:
    """Who answers, who that is, and in which region."""
    if live:
        to = live.connection
        return _Readdressed(live.target, to), to.answered_by, to.region
    store = Store()
    store.add_dummies()
    for arn, state in settings.datasets.items():
        store.add_dataset(arn, state)
    return InProcess(lambda request: core.answer(request, store), "reference"), "reference", REGION


class _Readdressed:
    """Sends what a client wrote for some host to the live one, signed for it."""

    def __init__(self, inner: Target, to: Connection) -> None:
        self._inner, self._to = inner, to

    def answer(self, request: Request) -> Exchange:
        query = f"?{request.query}" if request.query else ""
        url = f"{self._to.url.rstrip('/')}{request.path}{query}"
        here = Request(request.method, url, request.headers, request.body)
        return self._inner.answer(signed(here, self._to.credentials, self._to.region))


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
def _environment(*, dummy: bool) -> Iterator[None]:
    """Dummy credentials and a region where an SDK looks for them, unless the target is live."""
    if not dummy:
        yield
        return
    new = {
        "AWS_ACCESS_KEY_ID": DUMMY_CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": DUMMY_CREDENTIALS.secret_key,
        "AWS_SESSION_TOKEN": None,
        "AWS_SECURITY_TOKEN": None,
        "AWS_PROFILE": None,
        "AWS_DEFAULT_PROFILE": None,
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", REGION),
        "AWS_REGION": os.environ.get("AWS_REGION", REGION),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in new.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        yield


def _replay(
    item: pytest.Item, settings: Settings, redactor: Redactor, matching: Matching
) -> Replay:
    path = cassette_path(item, settings)
    try:
        recorded = text.load(path)
    except CassetteMissing:
        # A test that sends nothing needs none; the first request that is sent says so.
        recorded = text.Cassette(Provenance(), ())
    return Replay(path, recorded, redactor, matching)


_ODD = re.compile(r"[^A-Za-z0-9_.\[\]+=,-]+")


def cassette_path(item: pytest.Item, settings: Settings) -> Path:
    """Where the cassette of a test is: `cassettes/<module>/<test>.personalize.yaml`.

    A name with characters that not every file system takes, or a very long one, gets a digest, so
    that two tests never share a cassette.
    """
    module = item.path
    if settings.cassettes:
        with contextlib.suppress(ValueError):
            module = settings.cassettes / module.relative_to(item.config.rootpath)
        folder = module.parent
    else:
        folder = module.parent / "cassettes"
    whole = ".".join(item.nodeid.split("::")[1:]) if "::" in item.nodeid else item.name
    name = _ODD.sub("-", whole)[:120]
    if name != whole:
        name = f"{name}-{sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return folder / module.stem / f"{name}{cassette.SUFFIX}"


def record_command(item: pytest.Item) -> str:
    """The command that records a test, to be pasted into a shell."""
    module, separator, names = str(item.nodeid).partition("::")
    here = os.path.relpath(item.config.rootpath / module, item.config.invocation_params.dir)
    where = f"{here}{separator}{names}"
    return f"pytest {shlex.quote(where)} --personalize-record reference"
