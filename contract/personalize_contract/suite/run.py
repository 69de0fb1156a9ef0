"""One run of the suite against one target: each scenario in, its outcome out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from personalize_contract.cassette.journal import Journal
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import (
    CassetteMissing,
    Miss,
    NoAnswer,
    PersonalizeContractError,
    TargetUnavailable,
    TimedOut,
)
from personalize_contract.live.access import Live, Try, connect
from personalize_contract.model import failures, origin
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import State, dummies
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.report.view import HOLDS, NOT_SHIPPED
from personalize_contract.service import core, signatures
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store
from personalize_contract.settings import Settings
from personalize_contract.suite import recordings, shipped
from personalize_contract.suite.client import Client
from personalize_contract.suite.evidence import Outcome
from personalize_contract.suite.expectations import seen as answer_in_words
from personalize_contract.suite.judge import UNRECOGNISED, judge, not_reached, trouble, unanswered
from personalize_contract.suite.messages import TableGuard
from personalize_contract.suite.recorder import ScenarioRecording
from personalize_contract.suite.recordings import Beside
from personalize_contract.suite.scenario import Scenario, forms
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets import connection as connections
from personalize_contract.targets.endpoint import Endpoint
from personalize_contract.targets.modes import Answering, Mode, Recording, Replaying

_GIVES_UP = 5
"""Requests in a row without an answer in time, after which the rest is not tried: each takes as
long, and there are hundreds."""

UNANSWERED = "no answer"
_FAILURES = {500: "500", 503: "503"}
"""The statuses by which a service says that it failed, and may not fail again."""

LIVE = pytest.StashKey[Live]()
"""The live service of a run of pytest, where whoever runs it has connected it."""

SETTINGS = "personalize_contract settings"
"""Under what a worker of the suite is handed the settings of `verify`."""

STOPPED = "personalize_contract stopped"
"""Under what a worker of the suite says why it stopped, for the process that waits for it."""


class Run:
    """Tries scenarios on one target. Lives as long as the test run.

    Args:
        settings: what was asked for.
        live: who answers; None for the cassettes.
        journal: where what they answer is recorded; None where nothing is.
        started: when the recording began, as it is written.
    """

    def __init__(
        self,
        settings: Settings,
        live: Live | None,
        journal: Journal | None = None,
        started: str = "",
    ) -> None:
        self._settings = settings
        self._live, self._journal, self._started = live, journal, started
        self._compares = settings.target == "live"
        self._folder = settings.cassettes or shipped.cassettes()
        self._recorded = recordings.load(self._folder, settings.operation, required=live is None)
        self._connection = live.connection if live else connections.recorded()
        self.contract = load(settings.operation)
        self._dummy = _dummies(settings)
        self._client = Client(self._connection)
        self._redactors: dict[State, Redactor] = {}
        self._missed: dict[State, list[str]] = {}
        self._let_in = False
        self._answered, self._late = False, 0
        self._unreachable = ""
        is_aws = self._connection.answered_by == "aws"
        self._sends_ids = live is not None and (is_aws or live.sends_ids)
        self._knows_ids = live is None or is_aws

    def outcome(
        self, scenario: Scenario, *, is_last: bool = True, while_it_lasts: bool = False
    ) -> Outcome:
        """Try a scenario, unless nobody was there for the first one: that takes seconds each.

        Args:
            scenario: what to try.
            is_last: whether it is not tried again if the service fails; its failure is recorded.
            while_it_lasts: whether no dataset is brought into the state of the scenario for it.
        """
        if self._unreachable:
            return self._not_reached(scenario, self._unreachable, obstacle=self._unreachable)
        try:
            return self._reached(scenario, is_last, while_it_lasts)
        except PersonalizeContractError as error:
            why = display.line(str(error), self._redactor(scenario.state))
            if isinstance(error, TimedOut):
                self._late += 1
                if self._late == _GIVES_UP:
                    self._unreachable = f"given up after {_GIVES_UP} requests in a row: {why}"
            if isinstance(error, NoAnswer):
                by = self._connection.answered_by
                found = tuple(unanswered(scenario, why))
                return Outcome(scenario.id, found, by, failed=UNANSWERED)
            if isinstance(error, TargetUnavailable) and not self._answered:
                self._unreachable = why
            missing = isinstance(error, CassetteMissing | Miss)
            return self._not_reached(scenario, why, obstacle="" if missing else why)

    def _not_reached(self, scenario: Scenario, why: str, obstacle: str) -> Outcome:
        return Outcome(scenario.id, tuple(not_reached(scenario, why)), obstacle=obstacle)

    def _reached(self, scenario: Scenario, is_last: bool, while_it_lasts: bool) -> Outcome:
        """The outcome with the first dataset that shows itself in the state of the scenario."""
        state, operation = scenario.state, self.contract.operation
        if not self._live and scenario.id not in self._recorded:
            if shipped.lacks(self._folder, operation, scenario.id):
                found = tuple(not_reached(scenario, NOT_SHIPPED))
                return Outcome(scenario.id, found, not_shipped=True)
            raise CassetteMissing(
                self._path(scenario),
                f"{scenario.id} is not recorded in it; `verify --record` records it",
            )
        missed = self._missed.setdefault(state, [])
        tries = (
            self._live.tries(state, while_it_lasts=while_it_lasts)
            if self._live
            else iter([Try(self._dummy[state])])
        )
        for one in tries:
            if outcome := self._tried(scenario, one, missed, is_last):
                return outcome
        if while_it_lasts:
            why = f"the dataset was {state} no longer when this was to be asked again"
            return self._not_reached(scenario, why, obstacle="")
        why = (
            f"no dataset was given that is {state} ({self._settings.option('dataset')} ARN={state})"
        )
        if missed:
            told = f"the dataset was never {state}: {'; '.join(dict.fromkeys(missed))}"
            why = display.line(told, self._redactor(state))
        return Outcome(scenario.id, tuple(not_reached(scenario, why)))

    def _tried(
        self, scenario: Scenario, one: Try, missed: list[str], is_last: bool
    ) -> Outcome | None:
        kept, beside, waited = "", None, len(self._live.notes) if self._live else 0
        there = self._recorded.get(scenario.id)
        redactor = self._redactor(scenario.state)
        with self._mode(scenario) as mode:
            control = scenario.control and self._client.send(
                replace(scenario, sends=scenario.control), mode.target, one.arn
            )
            exchange = self._client.send(scenario, mode.target, one.arn)
            self._answered, self._late = True, 0
            self._learn_of_ids(scenario, exchange)
            response = exchange.response
            failed = "" if origin.is_web_page(response) else _FAILURES.get(response.status, "")
            obstacle = trouble(scenario, response, sends_ids=self._sends_ids_with(response))
            if obstacle:
                obstacle = display.answered(obstacle, exchange.request, redactor)
            if not obstacle and not one.shows(exchange.response):
                missed.append(f"{one.when} ({one.status}): {answer_in_words(exchange.response)}")
                return None
            if self._compares and not obstacle:
                beside = recordings.beside(self._path(scenario), there, exchange, redactor)
            if not obstacle and (is_last or not failed) and mode.save() is False:
                kept = f"{scenario.id} in {self._path(scenario)}"
        judged = not_reached(scenario, obstacle) if obstacle else judge(scenario, exchange)
        findings = (
            replace(one, why=display.answered(one.why, exchange.request, redactor))
            if one.why
            else one
            for one in judged
            if not control or control.response.status < 400
        )
        if obstacle.startswith(UNRECOGNISED):
            obstacle = ""  # that one request was refused, by whom is not known
        seen = display.exchange(exchange, redactor)
        if beside:
            seen["recorded"] = self._compared(beside, exchange.request, redactor)
        if one.when:
            seen["dataset"] = {"when": one.when, "status": one.status}
        if self._live and self._live.notes[waited:]:
            seen["notes"] = self._live.notes[waited:]
        denied = failures.in_response(exchange.response) is failures.ACCESS_DENIED
        if denied and obstacle and self._let_in:
            if self._is_shut_out():
                self._unreachable = obstacle
            else:
                obstacle = ""  # not the role is wrong, but what this one request is about
        self._let_in = self._let_in or not denied
        return Outcome(
            scenario.id,
            tuple(findings),
            exchange.answered_by,
            seen,
            obstacle=obstacle,
            failed=failed,
            kept=kept,
        )

    def _is_shut_out(self) -> bool:
        """Whether a sender that was let in is denied now what is surely allowed."""
        valid = next((each for each in SCENARIOS[self.contract.operation] if each.is_valid), None)
        if not self._live or not valid or "active" not in self._live.arns:
            return True
        try:
            again = self._client.send(valid, self._live.target, self._live.arns["active"])
        except TargetUnavailable:
            return True
        return failures.denial(again.response)

    def _learn_of_ids(self, scenario: Scenario, exchange: Exchange) -> None:
        """Take from the answer to the first valid request whether the service sends request ids.

        One that answers as it should, and without an id, sends none.
        """
        if self._knows_ids or not scenario.is_valid:
            return
        if origin.has_request_id(exchange.response):
            self._sends_ids = self._knows_ids = True
        elif all(one.status == HOLDS for one in judge(scenario, exchange)):
            self._sends_ids, self._knows_ids = False, True

    def _sends_ids_with(self, response: Response) -> bool:
        """Whether such an answer of this service has a request id."""
        # A service that fails may fail at that, too. Of AWS it is known that it doesn't.
        fails = response.status in (500, 503) and self._connection.answered_by != "aws"
        return self._sends_ids and not fails

    def _redactor(self, state: State) -> Redactor:
        """What takes the real ARNs out; a dataset that is in several states is in this one."""
        if state not in self._redactors:
            arns = self._live.arns if self._live else self._dummy
            real = {
                written: dummy
                for one in sorted(arns, key=lambda one: one == state)
                for written, dummy in zip(forms(arns[one]), forms(self._dummy[one]), strict=True)
            }
            credentials = self._connection.credentials
            own = [one for one in (credentials.secret_key, credentials.token) if one]
            self._redactors[state] = Redactor(real, own, keep=None)
        return self._redactors[state]

    def _compared(self, beside: Beside, to: Request, redactor: Redactor) -> dict[str, Any]:
        """What is recorded and what differs from it, as a report shows it."""
        found = beside.comparison.as_property()
        for difference in found["differences"]:
            for side in ("recorded", "now"):
                difference[side] = display.answered(difference[side], to, redactor)
        return {**found, "response": display.response(beside.recorded.response, to, redactor)}

    def _path(self, scenario: Scenario) -> Path:
        return recordings.path(self._folder / self.contract.operation, scenario)

    @contextlib.contextmanager
    def _mode(self, scenario: Scenario) -> Iterator[Mode]:
        there, path = self._recorded.get(scenario.id), self._path(scenario)
        redactor = self._redactor(scenario.state)
        if not self._live:
            assert there
            yield Replaying(Replay(path, there, redactor, Matching()), _explain)
        elif not self._journal:
            yield Answering(self._live.target)
        else:
            to = self._connection
            provenance = Provenance.now(to.answered_by, to.region, scenario.id)
            # One date for all processes of a run: most exchanges then share the head of their file.
            provenance = replace(provenance, recorded_at=self._started)
            replaces = there.provenance if there else None
            with ScenarioRecording(self._journal, path, provenance, replaces) as recording:
                yield Recording(self._live.target, recording, redactor)


def _dummies(settings: Settings) -> Mapping[State, str]:
    return dummies(load(settings.operation).resource_type)


def _explain(replay: Replay, request: Request) -> str:
    return (
        f"{replay.path}: what is recorded is another request than this version of the suite "
        "sends; `verify --record` records it again"
    )


@contextlib.contextmanager
def opened(
    settings: Settings,
    live: Live | None = None,
    journal: Journal | None = None,
    started: str = "",
) -> Iterator[Run]:
    """A run against the target that was asked for. The reference service listens while it lasts.

    Args:
        settings: what was asked for.
        live: the live service, if it is connected already.
        journal: where what it answers is recorded; None where nothing is.
        started: when the recording began, as it is written.

    Raises:
        UsageError: it can't be asked as it was written.
        CassetteError: there is nothing to replay.
    """
    if settings.target == "recorded":
        yield Run(settings, None)
    elif settings.target == "live":
        guard = partial(TableGuard, settings.operation)
        yield Run(settings, live or connect(settings, guard=guard), journal, started)
    else:
        store = Store()
        store.add_dummies()
        with HttpServer(lambda request: core.respond(request, store, signatures.refusal)) as server:
            to = connections.reference(server.url)
            service = Live(to, Endpoint(to.url, to.answered_by), _dummies(settings))
            yield Run(settings, service, journal, started)
        store.close()
