"""The message of a miss: the nearest exchange, the differences, and no hidden values."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from helpers.command import ACTIVE
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.replay import Replay
from personalize_contract.feedback.miss_report import Explainer, summary
from personalize_contract.model import contract, parsed_request
from personalize_contract.model.checker import Checker
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy.redaction import Redactor

COMMAND = "pytest test_it.py --personalize-record reference"


def request(body: Any, path: str = "/items") -> Request:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"https://personalize-events.us-east-1.amazonaws.com{path}"
    return Request("POST", url, {"content-type": "application/json"}, sent)


def puts(*properties: str, arn: str = ACTIVE) -> dict[str, Any]:
    items = [{"itemId": f"tea-{at}", "properties": text} for at, text in enumerate(properties)]
    return {"datasetArn": arn, "items": items}


def replay(*bodies: Any) -> Replay:
    exchanges = tuple(Exchange(request(body), Response(200, "OK", {}, b"")) for body in bodies)
    recorded = Cassette(Provenance(), exchanges)
    return Replay(Path.cwd() / "it.personalize.yaml", recorded, Redactor(), Matching())


def explained(recorded: Replay, sent: Any) -> list[str]:
    return str(Explainer(COMMAND)(recorded, request(sent))).splitlines()


@pytest.mark.parametrize("is_there", [False, True])
def test_an_empty_or_absent_cassette_has_no_nearest_exchange(
    is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if is_there:
        (tmp_path / "it.personalize.yaml").touch()
    assert explained(replay(), puts("{}")) == [
        "no recorded exchange answers this PutItems request",
        "  cassette:  it.personalize.yaml",
        f"  sent:      POST /items, 1 item, {len(json.dumps(puts('{}')))} bytes",
        f"  nearest:   none: {'the cassette is empty' if is_there else 'there is no cassette'}",
        f"  record it: {COMMAND}",
    ]


def test_the_nearest_exchange_is_shown_with_the_differences() -> None:
    recorded = replay(puts('{"a": 1}'), puts('{"a": 1, "b": 2}', "{}"), puts("nonsense"))
    lines = explained(recorded, puts('{"b": 3, "a": 1}', "{}"))
    assert lines[3:-1] == [
        "  nearest:   exchange 2 of 3",
        "    items[0].properties.b: sent 3, recorded 2",
    ]


def test_a_used_exchange_is_named() -> None:
    recorded = replay(puts("{}"))
    assert recorded.take(request(puts("{}")))
    assert "exchange 1 of 1 is equal, but already used" in explained(recorded, puts("{}"))[3]


@pytest.mark.parametrize(
    ("sent", "difference"),
    [
        (puts("not json"), 'items[0].properties: sent "not json", recorded nothing'),
        (puts('{"a": "1"}'), 'items[0].properties.a: sent "1", recorded 1'),
        (puts('{"a": true}'), "items[0].properties.a: sent true, recorded 1"),
        (b"{", "body (not JSON): sent {, recorded nothing"),
        ([], "body: sent [], recorded nothing"),
    ],
)
def test_each_kind_of_difference_is_shown(sent: Any, difference: str) -> None:
    assert f"    {difference}" in explained(replay(puts('{"a": 1}')), sent)


def test_long_values_and_many_differences_are_cut() -> None:
    sent = puts(json.dumps({f"key{number}": "x" * 1000 for number in range(30)}))
    lines = explained(replay(puts("{}")), sent)
    assert max(map(len, lines)) < 160
    assert lines[-2].startswith("    ... and ")
    assert len(lines) < 20


def test_a_credential_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-this-test")
    sent = puts('{"a": "canary-of-this-test", "b": "ghp_' + "a" * 36 + '"}')
    text = "\n".join(explained(replay(puts("{}")), sent))
    assert "canary" not in text
    assert "ghp_" not in text
    assert text.count("(not shown: it holds") == 2


def test_an_account_is_not_shown() -> None:
    arn = "arn:aws:personalize:us-east-1:123456789012:dataset/shop/ITEMS"
    lines = explained(replay(puts("{}")), puts("{}", arn=arn))
    assert "123456789012" not in "\n".join(lines)


def test_only_the_first_five_misses_are_explained() -> None:
    recorded, explainer = replay(puts("{}")), Explainer(COMMAND)
    misses = [str(explainer(recorded, request(puts(f'{{"a": {number}}}')))) for number in range(50)]
    assert sum("nearest:" in miss for miss in misses) == 5
    assert len(set(misses[5:])) == 1
    assert misses[-1].startswith(
        "no recorded exchange answers this PutItems request; only the first 5"
    )


def test_another_operation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other = dataclasses.replace(
        contract.load(),
        operation="PutThings",
        path="/things",
        batch="things",
        identity="thingId",
        document="facts",
    )
    monkeypatch.setattr(contract, "at", lambda path: other)
    monkeypatch.setattr(parsed_request, "checker", lambda operation: Checker(other))
    sent = request({"things": [{"thingId": "a", "facts": '{"b": 1}'}]}, "/things")
    lines = str(Explainer(COMMAND)(replay({"things": [{"thingId": "a"}]}), sent)).splitlines()
    assert lines[0] == "no recorded exchange answers this PutThings request"
    assert lines[2].startswith("  sent:      POST /things, 1 thing, ")
    assert "    things[0].facts.b: sent 1, recorded nothing" in lines


def test_a_string_that_became_an_object_is_named() -> None:
    sent = {"datasetArn": ACTIVE, "items": [{"itemId": "tea-0", "properties": {"a": 1}}]}
    lines = explained(replay(puts('{"a": 1}')), sent)
    assert "    items[0].properties (its type): sent an object, recorded a string of JSON" in lines


@pytest.mark.parametrize("at", [10, *range(35, 62)])
def test_the_difference_of_two_long_values_is_always_shown(at: int) -> None:
    recorded, sent = (f"{'x' * at}{last}{'w' * 100}" for last in "yz")
    lines = explained(replay(puts(f'{{"a": "{recorded}"}}')), puts(f'{{"a": "{sent}"}}'))
    (line,) = [line for line in lines if "items[0].properties.a" in line]
    assert "xz" in line
    assert "xy" in line


def test_a_long_value_is_shown_around_its_first_difference() -> None:
    lines = explained(replay(puts(f'{{"a": "{"x" * 300}y"}}')), puts(f'{{"a": "{"x" * 300}z"}}'))
    (line,) = [line for line in lines if "items[0].properties.a" in line]
    assert 'xxxz"' in line
    assert 'xxxy"' in line
    assert line.count("x") < 60


LOOK_ALIKES = {
    "normal forms": ("caf\u00e9", "cafe\u0301", "U+00E9 LATIN SMALL LETTER E WITH ACUTE"),
    "blanks": ("a b", "a\u00a0b", "U+00A0 NO-BREAK SPACE"),
    "an invisible character": ("ab", "a\u200bb", "U+200B ZERO WIDTH SPACE"),
    "an alphabet": ("\u0430bc", "abc", "U+0430 CYRILLIC SMALL LETTER A"),
    "a dash": ("a\u2013b", "a-b", "U+2013 EN DASH"),
    "a width": ("\uff11", "1", "U+FF11 FULLWIDTH DIGIT ONE"),
}


@pytest.mark.parametrize(("sent", "recorded", "name"), LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_distinguished_by_character_name(
    sent: str, recorded: str, name: str
) -> None:
    bodies = [puts(json.dumps({"a": text}, ensure_ascii=False)) for text in (sent, recorded)]
    lines = explained(replay(bodies[1]), bodies[0])
    (line,) = [line for line in lines if "items[0].properties.a" in line]
    assert name in line


def test_a_broken_clause_has_to_be_fixed_before_recording() -> None:
    eleven = puts(*["{}"] * 11)
    assert explained(replay(puts("{}")), eleven)[-1] == (
        "  fix it:    the request breaks request.items.max-members; "
        "correct it before you record the test"
    )
    meant = Explainer(COMMAND, ["request.items.max-members"])(replay(puts("{}")), request(eleven))
    assert str(meant).splitlines()[-1] == f"  record it: {COMMAND}"


REPORTED: dict[str, tuple[Any, Any, list[str]]] = {
    "properties": (
        puts('{"a": "Pu-erh", "b": 1}', '{"a": 1}'),
        puts('{"a": "Sencha", "c": 1}', "{}"),
        [f"items[{at}].properties: differs (not shown in reports)" for at in range(2)],
    ),
    "an object": (
        {"datasetArn": ACTIVE, "items": [{"itemId": "tea", "properties": {"a": "Sencha"}}]},
        {"datasetArn": ACTIVE, "items": [{"itemId": "tea", "properties": "Pu-erh"}]},
        ["items[0].properties: differs (not shown in reports)"],
    ),
    "an id": (
        {"datasetArn": ACTIVE, "items": [{"itemId": "tea"}]},
        {"datasetArn": ACTIVE, "items": [{"itemId": "mate"}]},
        ['items[0].itemId: sent "mate", recorded "tea"'],
    ),
    "a body": ("Pu-erh", "Sencha", ["body: differs (not shown in reports)"]),
}


@pytest.mark.parametrize("kind", REPORTED)
def test_no_report_shows_item_properties(kind: str) -> None:
    recorded, sent, differing = REPORTED[kind]
    miss = Explainer(COMMAND)(replay(recorded), request(sent))
    lines = miss.report.splitlines()
    assert [line.strip() for line in lines if line.startswith("    ")] == differing
    assert [line for line in str(miss).splitlines() if not line.startswith("    ")] == [
        line for line in lines if not line.startswith("    ")
    ]
    assert not any(value in miss.report for value in ("Pu-erh", "Sencha"))


def test_no_report_shows_the_body_of_an_unknown_operation() -> None:
    miss = Explainer(COMMAND)(
        replay({"a": "Pu-erh"}),
        Request("PUT", "https://example.org/nowhere", {}, b'{"a": "Sencha"}'),
    )
    assert "Pu-erh" in str(miss)
    assert not any(value in miss.report for value in ("Pu-erh", "Sencha"))
    assert "    method: sent" in miss.report


def test_another_dataset_of_the_same_state_is_named() -> None:
    second = ACTIVE.replace("contract-active/", "contract-active-2/")
    lines = explained(replay(puts("{}")), puts("{}", arn=second))
    assert any("the order of personalize_dataset changed" in line for line in lines)


UUIDS = "2e987eac-0737-4f23-a3d5-12a4c9afa9ae", "7d444840-9dc0-11d1-b245-5ffdce74fad2"
VOLATILE: dict[str, tuple[str, Any, Any]] = {
    "a moment": ("at", "2026-11-23T20:16:42Z", "2026-11-26T08:00:00.123456+00:00"),
    "a day": ("day", "2026-11-23", "2026-11-26"),
    "seconds": ("creationTimestamp", 1764189402, 1764200000),
    "milliseconds": ("at", 1764189402123, 1764200000456),
    "a fraction": ("at", 1764189402.5, 1764200000.25),
    "a text of seconds": ("at", "1764189402", "1764200000"),
    "a UUID": ("trace", *UUIDS),
    "a bare UUID": ("trace", UUIDS[0].replace("-", ""), UUIDS[1].replace("-", "")),
    "a counter": ("runNumber", 17, 18),
    "a counted text": ("batch", "batch-17", "batch-18"),
}
VALUES: dict[str, tuple[str, Any, Any]] = {
    "a price": ("price", 17, 18),
    "a text": ("title", "Tea", "Mate"),
    "a name with a number": ("sku", "tea-1", "tea-2"),
    "another kind": ("at", 1764189402, "2026-11-26"),
    "nothing": ("at", None, 1764189402),
    "a name with a dot": ("a.b", 1764189402, 1764200000),
    "members of an array": ("at", [1764189402], [1764200000]),
}


def missed(name: str, recorded: Any, sent: Any, **more: Any) -> str:
    before = json.dumps({name: recorded})
    body = puts(json.dumps({name: sent} | more))
    return str(Explainer(COMMAND)(replay(puts(before)), request(body)))


@pytest.mark.parametrize("kind", VOLATILE)
def test_a_miss_by_volatile_values_alone_suggests_ignore(kind: str) -> None:
    name, recorded, sent = VOLATILE[kind]
    text = missed(name, recorded, sent)
    assert f'ignore=["items[].properties.{name}"] in the mark' in text
    assert "ignore" not in missed(name, recorded, sent, price=3)


@pytest.mark.parametrize("kind", VALUES)
def test_a_miss_by_other_values_does_not_suggest_ignore(kind: str) -> None:
    assert "ignore" not in missed(*VALUES[kind])


def test_all_volatile_members_are_suggested_once() -> None:
    old, new = (
        json.dumps({"at": at, "id": uuid})
        for at, uuid in zip((1764189402, 1764200000), UUIDS, strict=True)
    )
    text = str(Explainer(COMMAND)(replay(puts(old, old)), request(puts(new, new))))
    assert 'ignore=["items[].properties.at", "items[].properties.id"] in the mark' in text


@pytest.mark.parametrize(
    ("path", "member", "singular", "plural"),
    [
        ("/items", "items", "1 item", "2 items"),
        ("/users", "users", "1 user", "2 users"),
        ("/events", "eventList", "1 entry in eventList", "2 entries in eventList"),
        (
            "/action-interactions",
            "actionInteractions",
            "1 entry in actionInteractions",
            "2 entries in actionInteractions",
        ),
    ],
)
def test_summary_counts_the_batch(path: str, member: str, singular: str, plural: str) -> None:
    for count, words in ((1, singular), (2, plural)):
        sent = parsed_request.parse(request({member: [{}] * count}, path))
        assert summary(sent).startswith(f"POST {path}, {words}, ")
