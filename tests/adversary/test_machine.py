"""The service on a store file against a small model: puts, states, faults, restarts."""

import http.client
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adversary.generated import MISTAKES, batches
from personalize_contract.model.datasets import State
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.interruption import Interrupted
from personalize_contract.service import core
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store
from personalize_contract.targets import faults
from personalize_contract.targets.faults import Fault

ARNS = [f"arn:aws:personalize:us-east-1:000000000000:dataset/shop-{n}/ITEMS" for n in range(3)]
ANSWERS = {
    "active": (200, None),
    "missing": (404, "ResourceNotFoundException"),
    "in-use": (409, "ResourceInUseException"),
}
STATES = st.sampled_from(["active", "in-use", "missing"])
Items = list[dict[str, str]]


class Machine(RuleBasedStateMachine):
    """The service over HTTP; `states` and `items` are the model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "store"
        self.states: dict[str, str] = {}
        self.items: dict[str, dict[str, str | None]] = {arn: {} for arn in ARNS}
        self.fault: Fault | None = None
        self.start()

    def start(self) -> None:
        self.store = Store(self.path)
        self.server = HttpServer(self.respond)
        self.server.__enter__()
        self.connection = http.client.HTTPConnection(
            self.server.url.removeprefix("http://"), timeout=20
        )

    def respond(self, request: Request) -> Response:
        fault, self.fault = self.fault, None
        if fault is None:
            return core.respond(request, self.store)
        if fault.is_sent:
            core.respond(request, self.store)
        assert fault.wire
        raise Interrupted(fault.wire)

    def stop(self) -> None:
        self.connection.close()
        self.server.close()
        self.store.close()

    def teardown(self) -> None:
        self.stop()
        self.folder.cleanup()

    def send(self, body: Any) -> tuple[int, str | None, bytes]:
        self.connection.request(
            "POST", "/items", json.dumps(body), {"Content-Type": "application/json"}
        )
        response = self.connection.getresponse()
        return response.status, response.headers.get("x-amzn-errortype"), response.read()

    def remember(self, arn: str, items: Items) -> None:
        if self.states.get(arn, "missing") == "active":
            self.items[arn] |= {item["itemId"]: item.get("properties") for item in items}

    @rule(arn=st.sampled_from(ARNS), items=batches())
    def put(self, arn: str, items: Items) -> None:
        status, code, body = self.send({"datasetArn": arn, "items": items})

        assert (status, code) == ANSWERS[self.states.get(arn, "missing")]
        assert (body == b"") == (status == 200)
        self.remember(arn, items)

    @rule(
        arn=st.sampled_from(ARNS),
        items=batches(),
        mistake=st.sampled_from(sorted(MISTAKES)),
        number=st.integers(0, 9),
    )
    def put_with_a_mistake(self, arn: str, items: Items, mistake: str, number: int) -> None:
        body: dict[str, Any] = {"datasetArn": arn, "items": items}
        MISTAKES[mistake].makes(body, number)

        status, code, _ = self.send(body)

        assert status == 400
        assert code in ("InvalidInputException", "SerializationException")

    @rule(arn=st.sampled_from(ARNS), state=STATES)
    def change_the_state(self, arn: str, state: State) -> None:
        self.store.add_dataset(arn, state)
        self.states[arn] = state

    @rule(arn=st.sampled_from(ARNS), items=batches(), how=st.sampled_from(["reset", "truncate"]))
    def put_and_lose_the_answer(self, arn: str, items: Items, how: str) -> None:
        self.fault = fault = faults.fault(how, None)
        try:
            self.send({"datasetArn": arn, "items": items})
        except (OSError, http.client.HTTPException):
            self.connection.close()
        else:
            raise AssertionError("a whole answer came")
        if fault.is_sent:
            self.remember(arn, items)

    @rule()
    def restart(self) -> None:
        self.stop()
        self.start()

    @invariant()
    def what_was_put_is_there(self) -> None:
        assert {arn: self.store.items(arn) for arn in ARNS} == self.items
        assert {arn: self.store.state(arn) for arn in ARNS} == {
            arn: self.states.get(arn, "missing") for arn in ARNS
        }


TestMachine = Machine.TestCase
# A run makes many requests, so fewer runs than for other tests.
TestMachine.settings = settings(max_examples=settings().max_examples // 7, stateful_step_count=20)
