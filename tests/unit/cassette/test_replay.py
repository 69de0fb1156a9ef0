"""Replay: each recorded exchange answers once, in order among equal ones, at a constant cost."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helpers.exchanges import put, request
from personalize_contract.cassette.matching import Key, Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.replay import Replay
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy.redaction import Redactor

MATCHING, REDACTOR = Matching(), Redactor()


def replay(*recorded: Exchange, **options: Any) -> Replay:
    cassette = Cassette(Provenance(), recorded)
    return Replay(Path("some.yaml"), cassette, REDACTOR, Matching(**options))


def answered(sent: Request, number: int) -> Exchange:
    """Return an exchange with a unique response."""
    return Exchange(sent, Response(200, "OK", {}, b"%d" % number))


def written(value: Any, style: int) -> bytes:
    """Return a body in several spellings: of its bytes, of its document, or with other members."""
    document = json.dumps(value, indent=style % 2 or None, sort_keys=True)
    body = json.loads(put(document))
    return json.dumps(body, sort_keys=style > 1).encode()


Requests = st.builds(
    written, st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.booleans()}), st.integers(0, 3)
).map(request) | st.sampled_from([b"tea", b"", b"{}", b'{ "items": []}']).map(request)


@given(st.lists(Requests, max_size=8), st.lists(Requests, max_size=12))
def test_replay_answers_like_a_linear_search(recorded: list[Request], sent: list[Request]) -> None:
    exchanges = [answered(message, number) for number, message in enumerate(recorded)]
    replaying, unused = replay(*exchanges), list(exchanges)
    for message in sent:
        equal = (old for old in unused if MATCHING.key(old.request) == MATCHING.key(message))
        expected = next(equal, None)
        if expected:
            unused.remove(expected)
        assert replaying.take(message) == expected
    assert Counter(map(id, replaying.unused())) == Counter(map(id, unused))


def test_equal_exchanges_answer_in_order_of_recording() -> None:
    first, second = request(put('{"a": 1, "b": 2}')), request(put('{"b": 2, "a": 1}'))
    replaying = replay(answered(first, 1), answered(second, 2))
    assert [replaying.take(sent).response.body for sent in (second, first)] == [b"1", b"2"]  # type: ignore[union-attr]
    assert replaying.take(first) is None


def test_all_attempts_of_one_sdk_call_get_one_answer() -> None:
    replaying = replay(answered(request(put({})), 1), answered(request(put({})), 2))
    first = request(put({}), amz_sdk_invocation_id="first")
    second = request(put({}), amz_sdk_invocation_id="second")
    answers = [replaying.take(sent) for sent in (first, first, second, first, second)]
    assert [answer and answer.response.body for answer in answers] == [b"1", b"1", b"2", b"1", b"2"]
    assert replaying.unused() == []


def test_a_missed_call_is_not_answered_by_a_later_exchange() -> None:
    replaying = replay(answered(request(put({"a": 1})), 1))
    assert replaying.take(request(put({"a": 2}), amz_sdk_invocation_id="x")) is None
    assert len(replaying.unused()) == 1


def test_any_number_of_threads_share_the_recorded_exchanges() -> None:
    recorded = [answered(request(put({"a": number % 50})), number) for number in range(400)]
    replaying, ready = replay(*recorded), threading.Barrier(16)

    def take(_: int) -> list[Exchange | None]:
        ready.wait(20)
        return [replaying.take(request(put({"a": number}))) for number in range(50)]

    with ThreadPoolExecutor(16) as pool:
        exchanges = [exchange for by_thread in pool.map(take, range(16)) for exchange in by_thread]
    answers = [exchange.response.body for exchange in exchanges if exchange]
    assert len(answers) == len(set(answers)) == 400
    assert replaying.unused() == []


class Counting(Matching):
    """Counts the computations of keys and outlines."""

    keys = outlines = 0

    def key(self, request: Request) -> Key:
        self.keys += 1
        return super().key(request)

    def outline(self, request: Request) -> Key:
        self.outlines += 1
        return super().outline(request)


def test_the_cost_of_a_call_does_not_depend_on_the_number_recorded() -> None:
    sent = [request(put({"a": 1}, first=number)) for number in range(300)]
    recorded = tuple(answered(request_sent, number) for number, request_sent in enumerate(sent))
    matching = Counting()
    replaying = Replay(Path("some.yaml"), Cassette(Provenance(), recorded), REDACTOR, matching)
    for request_sent in sent:
        assert replaying.take(request_sent)
    assert (matching.keys, matching.outlines) == (0, 300)  # each once, when it is loaded


def test_exchanges_of_the_same_items_are_keyed_once() -> None:
    sent = [request(put({"a": number})) for number in range(300)]
    recorded = tuple(answered(request_sent, number) for number, request_sent in enumerate(sent))
    matching = Counting()
    replaying = Replay(Path("some.yaml"), Cassette(Provenance(), recorded), REDACTOR, matching)
    for request_sent in reversed(sent):
        assert replaying.take(request_sent)
    assert (matching.keys, matching.outlines) == (300, 300)


def test_a_test_that_shares_a_cassette_gets_its_own_answer_first() -> None:
    same_request = request(put({"a": 1}))
    first, second = answered(same_request, 1), answered(same_request, 2)
    origins = tuple(Provenance(recorded_for=test) for test in ("m.py::a", "m.py::b"))
    cassette = Cassette(Provenance(), (first, second), (1, 2), origins)
    replaying = Replay(Path("some.yaml"), cassette, REDACTOR, MATCHING, "m.py::b")
    assert [
        replaying.take(same_request),
        replaying.take(same_request),
        replaying.take(same_request),
    ] == [second, first, None]
