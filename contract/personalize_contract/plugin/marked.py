"""One marked test, from its set-up to its teardown: its session, its mode, and all patches.

While it is open, the requests of every client go to its session, and other connections are
refused. Unless the target is live, SDKs get dummy credentials and a region.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from personalize_contract.interceptors import aws_hosts, child_processes, install
from personalize_contract.interceptors.child_processes import Dispatcher
from personalize_contract.interceptors.identity import DUMMY, Identity
from personalize_contract.model import contract
from personalize_contract.plugin import aws_env, mode_factory, options
from personalize_contract.plugin.loopback import Loopback, Loopbacks
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.modes import Answering, Mode, Recording, Replaying
from personalize_contract.plugin.network_guard import Place, fake_or_allow, guarded
from personalize_contract.plugin.owners import Owner
from personalize_contract.plugin.run_log import RunLog
from personalize_contract.plugin.session import Problem, Session

if TYPE_CHECKING:
    import pytest

    from personalize_contract.cassette.replay import Replay
    from personalize_contract.live.access import Live
    from personalize_contract.plugin.service import Service
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.settings import Settings
    from personalize_contract.targets.base import Target
    from personalize_contract.targets.faults import FaultInjector


@dataclass(slots=True)
class Marked:
    """A test with an open session.

    Args:
        test: the node id.
        session: the handler of its requests.
        mark: its mark.
        settings: the run's settings, as they apply to this test.
        owner: the owner of the threads and tasks that it starts.
        loopback: the endpoint for its child processes; None if they are not served.
        mode: the mode that answers its requests; None if they are only checked.
        service: the value of the fixture `personalize_service`; None without the fixture.
        faults: the target's fault injector; None without a fixture that injects faults.
        passed: whether the test ran and passed.
        failed_as_expected: whether it failed as its xfail mark says, and had no problems.
        not_sent: the problems of requests that it did not send, once it has finished.
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
    not_sent: list[Problem] = field(default_factory=list)

    def finish(self) -> str:
        """Return the text of the test's problems, or save its recording if it passed without any.

        The recording of a test that failed as expected is saved if the test has no cassette yet,
        since its replay has to fail at the same point, or shares one, since a shared cassette is
        recorded whole.

        Raises:
            CassetteError: the recording can't be written. It is left in its journal.
        """
        if self.loopback:
            self.loopback.finish()
        problems = self.session.problems
        if not self.passed:
            is_new = isinstance(self.mode, Recording) and (
                bool(self.mark.cassette) or not self.mode.recording.path.exists()
            )
            if self.mode and is_new and self.failed_as_expected and not problems:
                self.mode.save()
            return "\n\n".join(problem.text for problem in problems)
        self.not_sent = self.missing_requests()
        problems += self.not_sent
        if self.mode and not problems:
            self.mode.save()
        if self.mode and (advice := self.session.sent_nothing()):
            self.session.advice[advice] += 1
        return "\n\n".join(problem.text for problem in problems)

    def missing_requests(self) -> list[Problem]:
        """Return the problems of requests that a passing test was expected to send and did not."""
        return [
            *(
                Problem(
                    f"the mark says violates=[{clause!r}], but no request of this test broke that "
                    f"clause: remove it from `violates`, or send such a request{_hint(clause)}",
                    title=f"violates={clause}",
                )
                for clause in self.session.missing_violations()
            ),
            *(
                (*self.mode.missing_requests(), *self.session.missing_requests())
                if self.mode
                else ()
            ),
        ]

    @property
    def problems(self) -> list[Problem]:
        """All problems so far, whether or not a report has shown them."""
        return [*self.session.in_reports, *self.session.problems, *self.not_sent]

    @property
    def replay_to_report(self) -> Replay | None:
        """The replay whose unused exchanges this test is responsible for; None if there is none."""
        # The end of the run judges a shared one.
        return self.mode.replay if self.passed and type(self.mode) is Replaying else None

    def interrupt(self) -> None:
        """Keep the recording so far, since the run is interrupted."""
        if self.mode:
            self.mode.interrupt()

    def tally(self) -> Tally:
        """Return this test's share of the run's tally."""
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
"""The rules that botocore checks before it sends a request."""


def _hint(clause_id: str) -> str:
    """Return how to break a clause that botocore's validation protects; `""` for any other."""
    from personalize_contract.model.contract import known

    if _REFUSED_BY_BOTOCORE.isdisjoint(known(clause_id).check):
        return ""
    return (
        " (botocore's validation stops it before it is sent: "
        "use Config(parameter_validation=False), or send raw HTTP)"
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
    """Open the session of one test, with all patches, within the context.

    Args:
        item: the test.
        mark: its mark.
        settings: the run's settings, as they apply to this test.
        live: the live service of the run, if that is the target.
        tally: the tally of the run.
        loopbacks: the loopback endpoints of the run.
        service: whether the test uses the fixture `personalize_service`.
        faults: whether the test uses the fixture `personalize_faults`.

    Raises:
        CassetteError: the cassette can't be read, or can't be recorded now.
    """
    contract.at("/")  # reads every contract before the test may fake the file system
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
            marked.mode = mode_factory.make(item, mark, settings, live, session, stack)
            session.target = marked.mode.target
            if faults:
                marked.faults = session.target = _with_faults(session.target)
        stack.callback(loopback.close)
        # A live target may be a local endpoint, which needs no credentials.
        identity = _identity(live)
        stack.enter_context(aws_env.patched(identity))
        places = list(_places_of(live)) if live else ()
        remedy = _remedy_in_process if service else _remedy
        handler = Dispatcher(session)
        stack.enter_context(guarded(settings.allowed_hosts, remedy, handler.refuse, places))
        stack.enter_context(child_processes.patched(loopback, identity.region, handler))
        stack.enter_context(install.of_sdks(handler, identity))
        stack.enter_context(install.of_http(handler, aws_hosts.ours(urls), in_process=service))
        yield marked


@contextlib.contextmanager
def checked_only(item: pytest.Item, settings: Settings, tally: Tally) -> Iterator[Marked]:
    """Open a session that checks a test's requests and leaves the answers to others."""
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
        # Hypothesis runs the test many times with one item each, which is no loop to be batched.
        off = (*off, "one-at-a-time")
    owner = Owner(item.nodeid)
    is_reported = options.reports_traffic(item.config)
    log = RunLog(item.nodeid, tally, owner, is_reported=is_reported)
    baseline = item.config.stash[options.BASELINE]
    known = baseline.of(item.nodeid) if baseline else {}
    session = Session(None, mark, off, strict=settings.strict, run=log, known=known)
    return Marked(item.nodeid, session, mark, settings, owner)


def _serve(marked: Marked, loopback: Loopback, stack: contextlib.ExitStack) -> list[str]:
    """Let the fixture's reference service answer; return the list that will hold its URL."""
    from personalize_contract.plugin.service import serve

    marked.service = serve(marked.session, loopback)
    marked.faults = marked.service.target
    marked.mode = Answering(marked.faults)
    stack.callback(marked.service.close)
    return marked.service.urls


def _with_faults(target: Target) -> FaultInjector:
    from personalize_contract.targets.faults import FaultInjector

    return FaultInjector(target)


def _remedy(host: str) -> str:
    if aws_hosts.is_of_aws(host):
        return (
            f"The mark covers {', '.join(contract.operations())}, sent by boto3, botocore, "
            "aiobotocore, requests, urllib3, httpx or aiohttp; other requests of this client "
            "have no answer"
        )
    return fake_or_allow(host)


def _remedy_in_process(host: str) -> str:
    if aws_hosts.is_of_aws(host):
        return "This client has to use the URL of the test's service, personalize_service.url"
    return fake_or_allow(host)


def _places_of(live: Live) -> Iterator[Place]:
    """Yield the places on the way to the live service: its own, and a proxy's."""
    from requests.utils import get_environ_proxies

    url = live.connection.url
    for place in (url, *get_environ_proxies(url).values()):
        parts = urlsplit(place)
        yield parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
