"""One run of the suite against one target: each scenario in, its outcome out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from personalize_contract import cassette, shipped, shown
from personalize_contract import connection as connections
from personalize_contract.cassette import text
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.contract import load
from personalize_contract.datasets import State, dummies
from personalize_contract.errors import (
    CassetteError,
    CassetteMissing,
    Miss,
    NoAnswer,
    PersonalizeContractError,
)
from personalize_contract.evidence import Outcome
from personalize_contract.exchange import Exchange, Request
from personalize_contract.live import Live, connect
from personalize_contract.matching import Matching
from personalize_contract.options import Settings
from personalize_contract.provenance import Provenance
from personalize_contract.redact import Redactor
from personalize_contract.service import signatures
from personalize_contract.service.core import answer
from personalize_contract.service.http import HttpServer
from personalize_contract.service.store import Store
from personalize_contract.suite import recordings
from personalize_contract.suite.client import Client
from personalize_contract.suite.judge import judge, not_reached, trouble, unanswered
from personalize_contract.suite.recordings import Beside
from personalize_contract.suite.scenario import LENGTHS, Scenario, of_length
from personalize_contract.targets import Endpoint, Recorded, Recorder, Target


class Run:
    """Tries scenarios on one target. Lives as long as the test run.

    Args:
        settings: what was asked for.
        live: who answers; None for the cassettes.
    """

    def __init__(self, settings: Settings, live: Live | None) -> None:
        self._live, self._record = live, settings.record
        self._compares = settings.target == "live"
        self._folder = settings.cassettes or shipped.cassettes()
        self._connection = live.connection if live else connections.recorded()
        self.contract = load(settings.operation)
        dummy = _dummies(settings)
        self._arns = live.arns if live else dummy
        self._client = Client(self._connection, self._arns)
        real = {
            of_length(arn, length): of_length(dummy[state], length)
            for state, arn in self._arns.items()
            for length in (0, *LENGTHS)
        }
        token = self._connection.credentials.token
        own = (self._connection.credentials.secret_key, *([token] if token else []))
        self._redactor = Redactor(real, own)

    def outcome(self, scenario: Scenario) -> Outcome:
        """Try a scenario."""
        if scenario.state not in self._arns:
            why = f"no dataset was given that is {scenario.state} (--dataset ARN={scenario.state})"
            return Outcome(scenario.id, tuple(not_reached(scenario, why)))
        try:
            return self._tried(scenario)
        except (CassetteMissing, Miss, NoAnswer) as error:
            return Outcome(
                scenario.id, tuple(unanswered(scenario, error)), self._connection.answered_by
            )
        except PersonalizeContractError as error:
            why = shown.text(str(error), self._redactor)
            findings = tuple(not_reached(scenario, why))
            return Outcome(scenario.id, findings, obstacle=why)

    def _tried(self, scenario: Scenario) -> Outcome:
        kept, beside = "", None
        with self._target(scenario) as (target, recording):
            exchange = self._client.send(scenario, target)
            obstacle = trouble(scenario, exchange)
            if (recording or self._compares) and not obstacle:
                beside = self._beside(scenario, exchange)
                if recording and not recordings.save(recording, beside, exchange.answered_by):
                    kept = str(recording.path)
        findings = (
            replace(one, why=shown.answered(one.why, exchange.request, self._redactor))
            for one in judge(scenario, exchange)
        )
        seen = shown.exchange(exchange, self._redactor)
        if beside and self._compares:
            seen["recorded"] = self._compared(beside, exchange.request)
        return Outcome(
            scenario.id,
            tuple(findings),
            exchange.answered_by,
            seen,
            obstacle=obstacle or "",
            kept=kept,
        )

    def _beside(self, scenario: Scenario, exchange: Exchange) -> Beside | None:
        try:
            return recordings.beside(self._path(scenario), exchange, self._redactor)
        except CassetteError:
            if self._record:
                return None  # it is being replaced
            raise

    def _compared(self, beside: Beside, to: Request) -> dict[str, Any]:
        """What is recorded and what differs from it, as a report shows it."""
        found = beside.comparison.as_property()
        for difference in found["differences"]:
            for side in ("recorded", "now"):
                difference[side] = shown.answered(difference[side], to, self._redactor)
        return {**found, "response": shown.response(beside.recorded.response, to, self._redactor)}

    def _path(self, scenario: Scenario) -> Path:
        return self._folder / self.contract.operation / f"{scenario.id}{cassette.SUFFIX}"

    @contextlib.contextmanager
    def _target(self, scenario: Scenario) -> Iterator[tuple[Target, Recording | None]]:
        path = self._path(scenario)
        if not self._live:
            yield Recorded(Replay(path, _load(path), self._redactor, Matching()), _explain), None
        elif not self._record:
            yield self._live.target, None
        else:
            to = self._connection
            provenance = Provenance.now(to.answered_by, to.region, scenario.id)
            with Recording(path, provenance) as recording:
                yield Recorder(self._live.target, recording, self._redactor), recording


def _dummies(settings: Settings) -> Mapping[State, str]:
    return dummies(load(settings.operation).dataset_type)


def _load(path: Path) -> Cassette:
    try:
        return text.load(path)
    except CassetteMissing:
        raise CassetteMissing(
            path, "this scenario was not recorded; `verify --record` records it"
        ) from None


def _explain(replay: Replay, request: Request) -> str:
    return (
        f"{replay.path}: what is recorded is another request than this version of the suite "
        "sends; `verify --record` records it again"
    )


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Run]:
    """A run against the target that was asked for. The reference service listens while it lasts.

    Raises:
        UsageError: it can't be asked as it was written.
        CassetteError: there is nothing to replay.
    """
    if settings.target == "recorded":
        folder = settings.cassettes or shipped.cassettes()
        if not any((folder / settings.operation).glob(f"*{cassette.SUFFIX}")):
            raise CassetteError(
                folder, "there is no cassette of the suite in it; `verify --record` makes them"
            )
        yield Run(settings, None)
    elif settings.target == "live":
        yield Run(settings, connect(settings))
    else:
        store = Store()
        store.add_dummies()
        with HttpServer(lambda request: answer(request, store, signatures.refusal)) as server:
            to = connections.reference(server.url)
            yield Run(settings, Live(to, Endpoint(to.url, to.answered_by), _dummies(settings)))
        store.close()
