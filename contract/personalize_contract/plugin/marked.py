"""One marked test, from its set-up to its teardown: its session, its mode, and what is patched.

While it is open, the requests of every client come to its session, the network is closed to
everything else, and unless the target is live, dummy credentials and a region stand where an SDK
looks for them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from personalize_contract.interceptors import aws_hosts, child_processes, install
from personalize_contract.interceptors.child_processes import Dispatcher
from personalize_contract.interceptors.identity import DUMMY, Identity
from personalize_contract.model import contract
from personalize_contract.plugin import aws_env, options, paths
from personalize_contract.plugin.loopback import Loopback, Loopbacks
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.modes import Answering, Mode, Recording, Replaying
from personalize_contract.plugin.network_guard import Place, guarded, or_allow
from personalize_contract.plugin.owners import Owner
from personalize_contract.plugin.run_log import RunLog
from personalize_contract.plugin.session import Session

if TYPE_CHECKING:
    import pytest

    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.shared import Part
    from personalize_contract.live.access import Live
    from personalize_contract.model.provenance import Provenance
    from personalize_contract.plugin.service import Service
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.settings import Settings
    from personalize_contract.targets.base import Target
    from personalize_contract.targets.faults import FaultInjector


@dataclass(slots=True)
class Marked:
    """A test with an open session.

    Args:
        test: its node id.
        session: handles what it sends.
        mark: what it says about itself.
        settings: of the run, as they apply to this test.
        owner: of the threads and tasks that it starts.
        loopback: its endpoint; None if its children are not served.
        mode: the life of its answers; None if its requests are only checked.
        service: the object of the fixture `personalize_service`; None without it.
        faults: of the target; None if the test can't ask for any.
        passed: whether the test ran, and passed.
        failed_as_expected: whether it failed as its xfail mark says, with no problem of ours.
    """

    test: str
    session: Session
    mark: Mark
    settings: Settings
    owner: Owner
    loopback: Loopback | None = None
    mode: Mode | None = None
    service: Service | None = None
    faults: FaultInjector | None = None
    passed: bool = False
    failed_as_expected: bool = False

    def finish(self) -> str:
        """Return what is wrong with a test that passed; saves its recording if nothing is.

        That of a test which failed as expected is saved if it has none, or shares one, which is
        recorded whole: its replay has to come as far.

        Raises:
            CassetteError: the recording can't be written; its journal holds it.
        """
        if self.loopback:
            self.loopback.finish()
        problems = [problem.text for problem in self.session.problems]
        if not self.passed:
            is_new = isinstance(self.mode, Recording) and (
                bool(self.mark.cassette) or not self.mode.recording.path.exists()
            )
            if self.mode and is_new and self.failed_as_expected and not problems:
                self.mode.save()
            return "\n\n".join(problems)
        problems += self.lacking()
        if self.mode and not problems:
            self.mode.save()
        if self.mode and (advice := self.session.sent_nothing()):
            self.session.advice[advice] += 1
        return "\n\n".join(problems)

    def lacking(self) -> list[str]:
        """Return what a test that passed so far has yet to do."""
        return [
            *(
                f"this test says that it breaks {clause}, and none of its requests did: "
                f"take it out of `violates`, or make it happen{_how(clause)}"
                for clause in self.session.missing_violations()
            ),
            *((*self.mode.lacking(), *self.session.lacking()) if self.mode else ()),
        ]

    def interrupt(self) -> None:
        """Keep what was recorded so far: the run is interrupted."""
        if self.mode:
            self.mode.interrupt()

    def tally(self) -> Tally:
        """Return what the summary of the run says of this test."""
        from personalize_contract.plugin import summary

        tally = summary.advised(self.session.advice.items())
        if self.mode:
            tally.update(self.mode.tally(self.session.answered, passed=self.passed))
        if self.session.violations:
            tally["violations",] = self.session.violations
        if self.loopback and self.loopback.foreign:
            tally["foreign", self.test] = self.loopback.foreign
        if self.faults and self.passed and (waiting := self.faults.waiting):
            tally["faults", self.test] = waiting
        return tally


_REFUSED_BY_BOTOCORE = frozenset({"required", "type", "min-length", "min-members"})
"""The rules that botocore checks itself, before it sends anything."""


def _how(clause_id: str) -> str:
    """Return how a clause can be broken that botocore keeps its callers from breaking."""
    from personalize_contract.model.contract import known

    if _REFUSED_BY_BOTOCORE.isdisjoint(known(clause_id).check):
        return ""
    return (
        " (botocore refuses such a call before it is sent: "
        "send it with Config(parameter_validation=False), or as raw HTTP)"
    )


@contextlib.contextmanager
def opened(
    item: pytest.Item,
    mark: Mark,
    settings: Settings,
    live: Live | None,
    tally: Tally,
    loopbacks: Loopbacks,
    *,
    service: bool,
    faults: bool,
) -> Iterator[Marked]:
    """Open the session of one test, with everything in place for it.

    Args:
        item: the test.
        mark: what it says about itself.
        settings: of the run, as they apply to this test.
        live: the live service of the run, if that is the target.
        tally: of the run.
        loopbacks: the endpoints of the run.
        service: whether the test uses the fixture `personalize_service`.
        faults: whether it uses the fixture `personalize_faults`.

    Raises:
        CassetteError: its cassette can't be read, or can't be recorded now.
    """
    contract.at("/")  # every contract is read, before the test may fake the file system
    with contextlib.ExitStack() as stack:
        marked = _marked(item, mark, settings, tally)
        session = marked.session
        stack.callback(session.close)
        loopback = marked.loopback = Loopback(
            session.respond, loopbacks, item.nodeid, session.note_abandoned
        )
        urls = [url for url in (settings.endpoint_url, live and live.connection.url) if url]
        if service:
            urls = _serve(marked, loopback, stack)
        else:
            marked.mode = _mode(item, mark, settings, live, stack, session)
            session.target = marked.mode.target
            if faults:
                marked.faults = session.target = _with_faults(session.target)
        stack.callback(loopback.close)
        # An endpoint near by may be asked by somebody who has no credentials at all.
        identity = _identity(live)
        stack.enter_context(aws_env.patched(identity))
        targets = list(_targets(live)) if live else ()
        instead = _in_process if service else _instead
        handler = Dispatcher(session)
        stack.enter_context(guarded(settings.allowed_hosts, instead, handler.refuse, targets))
        stack.enter_context(child_processes.patched(loopback, identity.region, handler))
        stack.enter_context(install.of_sdks(handler, identity))
        stack.enter_context(install.of_http(handler, aws_hosts.ours(urls), in_process=service))
        yield marked


@contextlib.contextmanager
def checked_only(item: pytest.Item, settings: Settings, tally: Tally) -> Iterator[Marked]:
    """Open a session that checks what a test sends; whoever answers it answers."""
    marked = _marked(item, Mark(), settings, tally)
    session = marked.session
    is_ours = aws_hosts.ours([settings.endpoint_url] if settings.endpoint_url else [])
    with install.of_sdks(session, None), install.of_mocks(session, is_ours):
        yield marked


def _identity(live: Live | None) -> Identity:
    if live is None:
        return DUMMY
    to = live.connection
    return Identity(to.credentials, to.region, unsigned=to.is_unsigned)


def _marked(item: pytest.Item, mark: Mark, settings: Settings, tally: Tally) -> Marked:
    off = settings.no_advice
    if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
        # One item in each of a hundred examples is no loop that could put ten.
        off = (*off, "one-at-a-time")
    owner = Owner(item.nodeid)
    is_reported = options.reports_traffic(item.config)
    log = RunLog(item.nodeid, tally, owner, is_reported=is_reported)
    session = Session(None, mark, off, strict=settings.strict, run=log)
    return Marked(item.nodeid, session, mark, settings, owner)


def _serve(marked: Marked, loopback: Loopback, stack: contextlib.ExitStack) -> list[str]:
    """Let the reference service of the fixture answer; returns where it listens, once it does."""
    from personalize_contract.plugin.service import serve

    marked.service = serve(marked.session, loopback)
    marked.faults = marked.service.target
    marked.mode = Answering(marked.faults)
    stack.callback(marked.service.close)
    return marked.service.urls


def _with_faults(target: Target) -> FaultInjector:
    from personalize_contract.targets.faults import FaultInjector

    return FaultInjector(target)


def _mode(
    item: pytest.Item,
    mark: Mark,
    settings: Settings,
    live: Live | None,
    stack: contextlib.ExitStack,
    session: Session,
) -> Mode:
    if settings.target == "recorded":
        return _replaying(item, mark, settings)
    target, answered_by, region = _answering(settings, live)
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

        make: type[Recording] = shared.Recording
        part = shared.of(item, settings).part(item, path, provenance)
        recording: CassetteRecording | Part = stack.enter_context(part)
    else:
        make, recording = Recording, stack.enter_context(CassetteRecording(path, provenance))
    if settings.max_age is not None:
        # Early enough for a night that records again to keep it from ever being aged.
        recording.renew_before = days_ago(settings.max_age / 2)
    return make(
        target,
        recording,
        _redactor(mark, settings, live),
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
    again = "live" if settings.target == "live" else _again(cassette.provenance, settings)
    shares = share_a_state(settings.datasets) and cassette.provenance.datasets != "numbered"
    return (shared.replaying if shared else Replaying)(
        path,
        cassette,
        _redactor(mark, settings, live, numbered=not shares),
        _matching(mark, settings),
        shared.record_command(again) if shared else paths.record_command(item, again),
        mark,
        shares_dummies=shares,
        max_age=settings.max_age,
        test=item.nodeid if shared else "",
    )


def _matching(mark: Mark, settings: Settings) -> Matching:
    from personalize_contract.cassette.matching import Matching

    return Matching((*settings.ignore, *mark.ignore), mark.items_any_order)


def _redactor(
    mark: Mark, settings: Settings, live: Live | None, *, numbered: bool = True
) -> Redactor:
    from personalize_contract.model.datasets import PREFIX, stand_ins
    from personalize_contract.privacy.redaction import Redactor

    secrets = live.connection.secrets if live else ()
    arns = stand_ins(settings.datasets, numbered=numbered)
    if settings.verify:
        arns[PREFIX] = ""  # an id with it is the id without it
    members = (*settings.redact, *mark.redact)
    return Redactor(arns, secrets, members, settings.placeholders, settings.keep)


def _answering(settings: Settings, live: Live | None) -> tuple[Target, str, str]:
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


def _again(provenance: Provenance, settings: Settings) -> str:
    """Return the target to record from again, so that the recording replaces the old one."""
    if provenance.answered_by == "endpoint" and not settings.endpoint_url:
        return "live --personalize-endpoint-url URL"  # which is not written anywhere
    return "live" if provenance.answered_by in ("aws", "endpoint") else "reference"


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


def _targets(live: Live) -> Iterator[Place]:
    """Yield the places on the way to the live service: its own, and a proxy's."""
    from requests.utils import get_environ_proxies

    url = live.connection.url
    for place in (url, *get_environ_proxies(url).values()):
        parts = urlsplit(place)
        yield parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
