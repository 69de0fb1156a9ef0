"""One run of the suite against one target, which turns each scenario into an outcome."""

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
from personalize_contract.live.access import Candidate, Live, connect
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
from personalize_contract.suite.expectations import describe
from personalize_contract.suite.judge import UNRECOGNISED, judge, not_reached, trouble, unanswered
from personalize_contract.suite.messages import TableGuard
from personalize_contract.suite.recorder import ScenarioRecording
from personalize_contract.suite.recordings import ComparedRecording
from personalize_contract.suite.scenario import Scenario, forms
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets import connection as connections
from personalize_contract.targets.endpoint import Endpoint
from personalize_contract.targets.modes import Answering, Mode, Recording, Replaying

_MAX_TIMEOUTS = 5
"""Consecutive time-outs after which the other scenarios are not tried, since there are hundreds."""

UNANSWERED = "no answer"
_FAILURES = {500: "500", 503: "503"}
"""The statuses by which a service reports a failure that may pass."""

LIVE = pytest.StashKey[Live]()
"""Stash key of the live service of a pytest run, if it was connected before the run."""

SETTINGS = "personalize_contract settings"
"""Key of the settings of `verify` in the input of a worker."""

STOPPED = "personalize_contract stopped"
"""Key of the reason that a worker stopped, in its output."""


class Run:
    """Tries scenarios on one target. Lives as long as the test run.

    Args:
        settings: the settings of the run.
        live: the service that answers; None for the cassettes.
        journal: the journal of the recording; None if nothing is recorded.
        started: the start time of the recording, as cassettes write it.
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
        uses_recordings = live is None or journal is not None or self._compares
        self._recorded = (
            recordings.load(self._folder, settings.operation, required=live is None)
            if uses_recordings
            else {}
        )
        self._connection = live.connection if live else connections.recorded()
        self.contract = load(settings.operation)
        self._dummies = _dummies(settings)
        self._client = Client(self._connection)
        self._redactors: dict[State, Redactor] = {}
        self._unconfirmed: dict[State, list[str]] = {}
        self._is_authorized = False
        self._has_answered, self._timeouts = False, 0
        self._unreachable = ""
        is_aws = self._connection.answered_by == "aws"
        self._sends_ids = live is not None and (is_aws or live.sends_ids)
        self._knows_ids = live is None or is_aws

    def outcome(
        self, scenario: Scenario, *, is_last: bool = True, may_change: bool = True
    ) -> Outcome:
        """Return the outcome of a scenario.

        After the first scenario has shown that the target is unreachable no other one is tried,
        since each would take seconds.

        Args:
            scenario: the scenario to try.
            is_last: whether this is the last try, so that a failure of the service is recorded.
            may_change: whether a dataset may be brought into the state of the scenario.
        """
        if self._unreachable:
            return self._not_reached(scenario, self._unreachable, obstacle=self._unreachable)
        try:
            return self._reached(scenario, is_last, may_change)
        except PersonalizeContractError as error:
            why = display.line(str(error), self._redactor(scenario.state))
            if isinstance(error, TimedOut):
                self._timeouts += 1
                if self._timeouts == _MAX_TIMEOUTS:
                    self._unreachable = f"given up after {_MAX_TIMEOUTS} requests in a row: {why}"
            if isinstance(error, NoAnswer):
                findings = tuple(unanswered(scenario, why))
                answered_by = self._connection.answered_by
                return Outcome(scenario.id, findings, answered_by, failed=UNANSWERED)
            if isinstance(error, TargetUnavailable) and not self._has_answered:
                self._unreachable = why
            is_missing = isinstance(error, CassetteMissing | Miss)
            return self._not_reached(scenario, why, obstacle="" if is_missing else why)

    def _not_reached(self, scenario: Scenario, why: str, obstacle: str) -> Outcome:
        return Outcome(scenario.id, tuple(not_reached(scenario, why)), obstacle=obstacle)

    def _reached(self, scenario: Scenario, is_last: bool, may_change: bool) -> Outcome:
        """Return the outcome with the first dataset that is confirmed to be in the state."""
        state, operation = scenario.state, self.contract.operation
        if not self._live and scenario.id not in self._recorded:
            if shipped.lacks(self._folder, operation, scenario.id):
                findings = tuple(not_reached(scenario, NOT_SHIPPED))
                return Outcome(scenario.id, findings, not_shipped=True)
            raise CassetteMissing(
                self._path(scenario),
                f"{scenario.id} is not recorded in it; `verify --record` records it",
            )
        unconfirmed = self._unconfirmed.setdefault(state, [])
        candidates = (
            self._live.candidates(state, may_change=may_change)
            if self._live
            else iter([Candidate(self._dummies[state])])
        )
        for candidate in candidates:
            if outcome := self._tried(scenario, candidate, unconfirmed, is_last):
                return outcome
        if not may_change:
            why = f"the dataset was no longer {state} when this was to be retried"
            return self._not_reached(scenario, why, obstacle="")
        why = f"no dataset is declared {state} ({self._settings.option('dataset')} ARN={state})"
        if unconfirmed:
            reason = f"the dataset was never {state}: {'; '.join(dict.fromkeys(unconfirmed))}"
            why = display.line(reason, self._redactor(state))
        return Outcome(scenario.id, tuple(not_reached(scenario, why)))

    def _tried(
        self, scenario: Scenario, candidate: Candidate, unconfirmed: list[str], is_last: bool
    ) -> Outcome | None:
        """Return the outcome with one dataset; None if its state is not confirmed."""
        kept, compared = "", None
        notes_before = len(self._live.notes) if self._live else 0
        recorded = self._recorded.get(scenario.id)
        redactor = self._redactor(scenario.state)
        with self._mode(scenario) as mode:
            control = scenario.control and self._client.send(
                replace(scenario, sends=scenario.control), mode.target, candidate.arn
            )
            exchange = self._client.send(scenario, mode.target, candidate.arn)
            self._has_answered, self._timeouts = True, 0
            self._learn_of_ids(scenario, exchange)
            response = exchange.response
            failed = "" if origin.is_web_page(response) else _FAILURES.get(response.status, "")
            obstacle = trouble(scenario, response, sends_ids=self._sends_ids_with(response))
            if obstacle:
                obstacle = display.answered(obstacle, exchange.request, redactor)
            if not obstacle and not candidate.confirmed_by(response):
                unconfirmed.append(f"{candidate.moment} ({candidate.status}): {describe(response)}")
                return None
            if self._compares and not obstacle:
                compared = recordings.compare(self._path(scenario), recorded, exchange, redactor)
            if not obstacle and (is_last or not failed) and mode.save() is False:
                kept = f"{scenario.id} in {self._path(scenario)}"
        findings = not_reached(scenario, obstacle) if obstacle else judge(scenario, exchange)
        if control and control.response.status >= 400:
            findings = []
        findings = [
            replace(finding, why=display.answered(finding.why, exchange.request, redactor))
            if finding.why
            else finding
            for finding in findings
        ]
        if obstacle.startswith(UNRECOGNISED):
            obstacle = ""  # only this request was rejected, it is unknown by which server
        document = display.exchange(exchange, redactor)
        if compared:
            document["recorded"] = self._comparison(compared, exchange.request, redactor)
        if candidate.moment:
            document["dataset"] = {"when": candidate.moment, "status": candidate.status}
        if self._live and self._live.notes[notes_before:]:
            document["notes"] = self._live.notes[notes_before:]
        is_denied = failures.in_response(response) is failures.ACCESS_DENIED
        if is_denied and obstacle and self._is_authorized:
            if self._is_shut_out():
                self._unreachable = obstacle
            else:
                obstacle = ""  # not the role was denied, but the subject of this one request
        self._is_authorized = self._is_authorized or not is_denied
        return Outcome(
            scenario.id,
            tuple(findings),
            exchange.answered_by,
            document,
            obstacle=obstacle,
            failed=failed,
            kept=kept,
        )

    def _is_shut_out(self) -> bool:
        """Return whether a valid request is denied now, after others were accepted before."""
        valid = next((each for each in SCENARIOS[self.contract.operation] if each.is_valid), None)
        if not self._live or not valid or "active" not in self._live.arns:
            return True
        try:
            exchange = self._client.send(valid, self._live.target, self._live.arns["active"])
        except TargetUnavailable:
            return True
        return failures.denial(exchange.response)

    def _learn_of_ids(self, scenario: Scenario, exchange: Exchange) -> None:
        """Learn from the first valid request whether the service sends request ids.

        A service that answers it correctly, but without an id, sends none.
        """
        if self._knows_ids or not scenario.is_valid:
            return
        if origin.has_request_id(exchange.response):
            self._sends_ids = self._knows_ids = True
        elif all(finding.status == HOLDS for finding in judge(scenario, exchange)):
            self._sends_ids, self._knows_ids = False, True

    def _sends_ids_with(self, response: Response) -> bool:
        """Return whether the service sends a request id with such a response."""
        # A failing service may omit it, except AWS, which is known to send it always.
        is_failure = response.status in (500, 503) and self._connection.answered_by != "aws"
        return self._sends_ids and not is_failure

    def _redactor(self, state: State) -> Redactor:
        """Return the redactor of real ARNs; a dataset of several states gets this state's dummy."""
        if state not in self._redactors:
            arns = self._live.arns if self._live else self._dummies
            dummy_of = {
                written: dummy
                for each in sorted(arns, key=lambda each: each == state)
                for written, dummy in zip(
                    forms(arns[each]), forms(self._dummies[each]), strict=True
                )
            }
            self._redactors[state] = Redactor(dummy_of, self._connection.secrets, keep=None)
        return self._redactors[state]

    def _comparison(
        self, compared: ComparedRecording, request: Request, redactor: Redactor
    ) -> dict[str, Any]:
        """Return the recorded answer and its differences, as a report shows them."""
        document = compared.comparison.as_property()
        for difference in document["differences"]:
            for side in ("recorded", "now"):
                difference[side] = display.answered(difference[side], request, redactor)
        recorded = display.response(compared.recorded.response, request, redactor)
        return {**document, "response": recorded}

    def _path(self, scenario: Scenario) -> Path:
        return recordings.path(self._folder / self.contract.operation, scenario)

    @contextlib.contextmanager
    def _mode(self, scenario: Scenario) -> Iterator[Mode]:
        recorded, path = self._recorded.get(scenario.id), self._path(scenario)
        redactor = self._redactor(scenario.state)
        if not self._live:
            assert recorded
            yield Replaying(Replay(path, recorded, redactor, Matching()), _explain)
        elif not self._journal:
            yield Answering(self._live.target)
        else:
            to = self._connection
            provenance = Provenance.now(to.answered_by, to.region, scenario.id)
            # One date for the whole run, so that most exchanges share the head of their file.
            provenance = replace(provenance, recorded_at=self._started)
            replaces = recorded.provenance if recorded else None
            with ScenarioRecording(self._journal, path, provenance, replaces) as recording:
                yield Recording(self._live.target, recording, redactor)


def _dummies(settings: Settings) -> Mapping[State, str]:
    return dummies(load(settings.operation).resource_type)


def _explain(replay: Replay, request: Request) -> Miss:
    return Miss(
        f"{replay.path}: it has another request than this version of the suite sends; "
        "`verify --record` records it again"
    )


@contextlib.contextmanager
def opened(
    settings: Settings,
    live: Live | None = None,
    journal: Journal | None = None,
    started: str = "",
) -> Iterator[Run]:
    """Yield a run against the target of the settings; serve the reference service within.

    Args:
        settings: the settings of the run.
        live: the live service, if it is connected already.
        journal: the journal of the recording; None if nothing is recorded.
        started: the start time of the recording, as cassettes write it.

    Raises:
        UsageError: the settings don't allow a live run.
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
        with HttpServer(
            lambda request: core.respond(request, store, signatures.rejection)
        ) as server:
            to = connections.reference(server.url)
            service = Live(to, Endpoint(to.url, to.answered_by), _dummies(settings))
            yield Run(settings, service, journal, started)
        store.close()
