"""The attempts of an SDK call count as one exchange: the last attempt's."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import personalize_contract
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.sdk_call import ByCall, call_id, last_attempts

HEADER = "amz-sdk-invocation-id"


def attempt(status: int) -> Exchange:
    return Exchange(
        Request("POST", "http://127.0.0.1/items", {}, b""), Response(status, "", {}, b""), "aws"
    )


def test_the_last_attempt_takes_the_place_of_the_first() -> None:
    attempts = [(attempt(500), "a"), (attempt(200), "b"), (attempt(503), "a"), (attempt(201), "a")]

    assert [exchange.response.status for exchange in last_attempts(attempts)] == [201, 200]


@given(st.lists(st.integers(100, 999)))
def test_a_request_without_an_id_is_a_separate_call(statuses: list[int]) -> None:
    attempts = [(attempt(status), "") for status in statuses]

    assert [exchange.response.status for exchange in last_attempts(attempts)] == statuses


def test_all_attempts_share_a_value() -> None:
    answers: ByCall[str] = ByCall()
    request = Request("POST", "http://127.0.0.1/items", {HEADER: "a"}, b"")
    answers.put(call_id(request), "tea")
    answers.put(call_id(Request("POST", "http://127.0.0.1/items", {}, b"")), "milk")

    assert answers.get("a") == "tea"
    assert answers.get("") is None


def test_only_one_module_knows_the_header() -> None:
    """Other modules use it to group attempts; a scenario may send the header as a literal."""
    source = Path(personalize_contract.__file__).parent
    modules = {path.name for path in source.rglob("*.py") if HEADER in path.read_text("utf-8")}

    assert modules == {"sdk_call.py", "messages.py"}
