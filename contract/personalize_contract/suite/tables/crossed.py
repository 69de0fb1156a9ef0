"""Cross products: each wrong JSON type of each member, each mistake at each position of a batch.

They catch a service that checks only the first record of a batch, or only truthy values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from personalize_contract.model.datasets import PREFIX
from personalize_contract.suite.expectations import Code, Message, Status
from personalize_contract.suite.scenario import (
    DATASET,
    SENSITIVE,
    Batch,
    Scenario,
    long_id,
    long_properties,
)
from personalize_contract.suite.tables.rows import (
    MALFORMED,
    accepted,
    arn_rejected,
    malformed,
    rejected,
)

_ACUTE = "e\N{COMBINING ACUTE ACCENT}"

_ODD = """a/B \\ "c" 'd' <e> & {f}, [g]; h=i? #j | k%20\t~ l.m:n+o@p_q*r$s!^`(t) ${u} \\u0041"""
_SCRIPTS = "caf\u00e9 \u8336 \u0447\u0430\u0439 \u0634\u0627\u064a"

_TEXTS: Mapping[str, str] = {
    "null": "null",
    "true": "true",
    "false": "false",
    "number": "1",
    "zero": "0",
    "float": "1.5",
    "negative": "-1",
    "large-number": "98765432109876543210",
    "empty-array": "[]",
    "empty-object": "{}",
}
"""JSON texts of each type, for any member."""


def crossed(batch: Batch) -> Iterator[Scenario]:
    """Yield the scenarios of an operation."""
    yield from _wrong_types(batch)
    yield from _at_positions(batch)
    yield from _with_and_without_properties(batch)
    yield from _sizes(batch)


def _wrong_types(batch: Batch) -> Iterator[Scenario]:
    """Yield each wrong type of each member, as close to the valid value as possible."""
    singular, plural, item = batch.singular, batch.plural, batch.record_text()
    secret = f'"{SENSITIVE}"'
    table: Mapping[str, tuple[str, Callable[[str], str], Mapping[str, str]]] = {
        "arn": (
            "request.dataset-arn.type",
            lambda text: batch.body(arn=text),
            {**_TEXTS, "array": f'["{DATASET}"]', "object": f'{{"arn": "{DATASET}"}}'},
        ),
        plural: (
            f"request.{plural}.type",
            lambda text: batch.body(records=text),
            {
                **_without("empty-array"),
                "string": '"none"',
                "empty-string": '""',
                "text-of-json": json.dumps(f"[{item}]"),
                "object": item,
                "object-of-one": f'{{"1": {item}}}',
            },
        ),
        singular: (
            f"request.{singular}.type",
            lambda text: batch.body(records=f"[{text}]"),
            {
                **_without("empty-object"),
                "string": f'"{PREFIX}1"',
                "text-of-json": json.dumps(item),
                "array": f"[{item}]",
                "array-of-pairs": f'[["{batch.id}", "{PREFIX}1"]]',
            },
        ),
        f"{singular}-id": (
            f"request.{singular}-id.type",
            batch.body_with_id,
            {**_TEXTS, "array": f'["{PREFIX}1"]', "object": f'{{"id": "{PREFIX}1"}}'},
        ),
        # For an optional member null may mean that it is absent.
        "properties": (
            "request.properties.type",
            batch.body_with_properties,
            {
                **_without("null"),
                "array": f"[{secret}]",
                "array-of-null": "[null]",
                "object": f'{{"category": {secret}}}',
            },
        ),
        "body": (
            "request.body.json-object",
            str,
            {**_without("empty-object"), "string": '"tea"', "array": f"[{batch.body()}]"},
        ),
    }
    for member, (clause, body, texts) in table.items():
        for kind, text in texts.items():
            name, sends = f"{member}-{kind}", batch.raw(body(text))
            if member == "arn":
                yield arn_rejected(name, clause, sends, MALFORMED)
            else:
                yield malformed(name, clause, sends)


def _without(kind: str) -> Mapping[str, str]:
    return {name: text for name, text in _TEXTS.items() if name != kind}


_POSITIONS = {
    "first-of-ten": (0, 10),
    "second-of-ten": (1, 10),
    "fifth-of-ten": (4, 10),
    "eighth-of-ten": (7, 10),
    "last-of-ten": (9, 10),
    "last-of-two": (1, 2),
}
"""Positions in a batch, as index and number of records."""


def _at_positions(batch: Batch) -> Iterator[Scenario]:
    """Yield each mistake at each position of a batch."""
    singular, too_long = batch.singular, f'"{long_id(257)}"'
    too_much = json.dumps(long_properties(batch.max_properties + 1))
    mistakes: Mapping[str, tuple[str, Callable[..., Scenario], str]] = {
        f"{singular}-null": (f"request.{singular}.type", malformed, "null"),
        f"{singular}-string": (f"request.{singular}.type", malformed, f'"{PREFIX}1"'),
        f"{singular}-id-absent": (
            f"request.{singular}-id.required",
            rejected,
            batch.record_text_without_id(),
        ),
        f"{singular}-id-null": (
            f"request.{singular}-id.type",
            malformed,
            batch.record_text("null"),
        ),
        f"{singular}-id-number": (f"request.{singular}-id.type", malformed, batch.record_text("1")),
        f"{singular}-id-0": (
            f"request.{singular}-id.min-length",
            rejected,
            batch.record_text('""'),
        ),
        f"{singular}-id-257": (
            f"request.{singular}-id.max-length",
            rejected,
            batch.record_text(too_long),
        ),
        "properties-number": (
            "request.properties.type",
            malformed,
            batch.record_text(properties="1"),
        ),
        "properties-0": (
            "request.properties.min-length",
            rejected,
            batch.record_text(properties='""'),
        ),
        f"properties-{batch.max_properties + 1}": (
            "request.properties.max-length",
            rejected,
            batch.record_text(properties=too_much),
        ),
    }
    for name, (clause, row, mistake) in mistakes.items():
        for position, (index, count) in _POSITIONS.items():
            records = [batch.record_text(f'"{PREFIX}{number}"') for number in range(1, count + 1)]
            records[index] = mistake
            sends = batch.raw(batch.body(records=f"[{', '.join(records)}]"))
            yield row(f"{name}-{position}", clause, sends)


def _with_and_without_properties(batch: Batch) -> Iterator[Scenario]:
    """Yield the mistakes of records without the optional member."""
    singular, plural = batch.singular, batch.plural
    bare = batch.record_with_id(f"{PREFIX}1", None)

    def alone(name: str) -> str:
        return batch.body(records=f'[{{"{batch.id}": {name}}}]')

    absent = batch.body(records="[{}]")
    yield rejected(f"{singular}-empty", f"request.{singular}-id.required", batch.raw(absent))
    yield rejected(
        f"bare-{singular}-id-0", f"request.{singular}-id.min-length", batch.raw(alone('""'))
    )
    yield malformed(
        f"bare-{singular}-id-number", f"request.{singular}-id.type", batch.raw(alone("1"))
    )
    yield malformed(
        f"bare-{singular}-id-null", f"request.{singular}-id.type", batch.raw(alone("null"))
    )
    yield rejected(
        f"bare-{singular}-id-257",
        f"request.{singular}-id.max-length",
        batch.call([batch.record_with_id(long_id(257), None)]),
    )
    yield rejected(
        f"bare-{plural}-11", f"request.{plural}.max-members", batch.call(_bare(batch, 11))
    )
    yield accepted(
        f"bare-{plural}-10", f"request.{plural}.max-members", batch.call(_bare(batch, 10))
    )
    yield accepted(
        "properties-absent-in-one-of-three",
        "request.properties.optional",
        batch.call([batch.record(1), batch.record(2, None), batch.record(3)]),
    )
    yield Scenario(
        f"bare-{singular}-missing",
        batch.call([bare]),
        (
            ("error.not-found.status", Status(404)),
            ("error.not-found.code", Code("ResourceNotFoundException")),
            ("error.message", Message(never=SENSITIVE)),
        ),
        state="missing",
    )
    yield Scenario(
        f"bare-{singular}-in-use",
        batch.call([bare]),
        (
            ("error.in-use.status", Status(409)),
            ("error.in-use.code", Code("ResourceInUseException")),
            ("error.message", Message(never=SENSITIVE)),
        ),
        state="in-use",
    )
    yield Scenario(
        f"in-use-ten-{plural}-message",
        batch.call(batch.records(10)),
        (("error.message", Message(never=SENSITIVE)),),
        state="in-use",
    )


def _bare(batch: Batch, count: int) -> list[dict[str, str]]:
    return [batch.record_with_id(f"{PREFIX}{number}", None) for number in range(1, count + 1)]


def _sizes(batch: Batch) -> Iterator[Scenario]:
    """Yield sizes between the limits, far past them, and past them in code points only."""
    singular, plural, limit = batch.singular, batch.plural, batch.max_properties
    for count in range(2, 10):
        yield accepted(
            f"{plural}-{count}", f"request.{plural}.max-members", batch.call(batch.records(count))
        )
    name, id_clause = f"{singular}-id", f"request.{singular}-id.max-length"
    for words, text in {
        "258": long_id(258),
        "300": long_id(300),
        "512": long_id(512),
        "1100": long_id(1100),
        # 257 code points, but fewer grapheme clusters, fewer after NFC, or fewer when stripped.
        "257-combining": PREFIX + _ACUTE * 118,
        "257-blanks": long_id(200) + " " * 57,
    }.items():
        yield rejected(f"{name}-{words}", id_clause, batch.call([batch.record_with_id(text)]))
    for words, text in {
        "128": long_id(128),
        "255": long_id(255),
        "256-angle-brackets": PREFIX + "<" * 235,
        "256-accents": PREFIX + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 235,
        "odd-characters": PREFIX + _ODD,
        "other-scripts": PREFIX + _SCRIPTS,
    }.items():
        yield accepted(f"{name}-{words}", id_clause, batch.call([batch.record_with_id(text)]))
    yield accepted(
        f"{name}-256-in-each-of-ten",
        id_clause,
        batch.call([batch.record_with_id(f"{long_id(255)}{number}") for number in range(10)]),
    )
    clause, cup = "request.properties.max-length", "\N{TEACUP WITHOUT HANDLE}"
    for words, text in {
        f"{limit + 1}-emoji": long_properties(limit + 1, cup),
        f"{limit + 1}-combining": f'{{"category": "{SENSITIVE}x{_ACUTE * ((limit - 32) // 2)}"}}',
        f"{limit + 1}-blanks": long_properties(limit - 99) + " " * 100,
        f"{limit + 10}": long_properties(limit + 10),
        "65600": long_properties(65600),
        "150000": long_properties(150000),
        # Fewer characters once the text is parsed.
        f"{limit + 1}-escapes": long_properties(limit + 1).replace("xx", "\\n"),
    }.items():
        yield rejected(f"properties-{words}", clause, batch.call([batch.record(1, text)]))
    for words, text in {
        "odd-characters": json.dumps({"category": f"{SENSITIVE} {_ODD}"}),
        "other-scripts": f'{{"category": "{SENSITIVE} {_SCRIPTS}"}}',
        "line-break": f'{{"category": "{SENSITIVE}\\\\n"}}',
        "4096-characters": long_properties(4096),
        "spread-out": f'{{\n\t"category" : "{SENSITIVE}"\r\n}} ',
    }.items():
        yield accepted(
            f"properties-{words}", "response.success.status", batch.call([batch.record(1, text)])
        )
    large = [batch.record(number, long_properties(limit, cup)) for number in range(10)]
    yield accepted(
        f"properties-{limit}-emoji-in-each-of-ten",
        clause,
        batch.raw(batch.body(records=json.dumps(large, ensure_ascii=False))),
    )
    yield accepted(
        f"properties-{limit}-in-each-of-ten",
        clause,
        batch.call([batch.record(number, long_properties(limit)) for number in range(10)]),
    )
