"""Scenarios made by crossing: each wrong JSON type with each member, each mistake with each place.

A service that checks only the first of a batch, or only what is truthy, is seen here.
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
    arn_refused,
    malformed,
    refused,
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
"""A JSON text of each type that is the same wherever it stands."""


def crossed(of: Batch) -> Iterator[Scenario]:
    """All of them, for one operation."""
    yield from _wrong_types(of)
    yield from _in_places(of)
    yield from _with_and_without_properties(of)
    yield from _sizes(of)


def _wrong_types(of: Batch) -> Iterator[Scenario]:
    """What stands in each place: the types it must not have, as near to what is right as may be."""
    one, many, item = of.one, of.many, of.text()
    secret = f'"{SENSITIVE}"'
    table: Mapping[str, tuple[str, Callable[[str], str], Mapping[str, str]]] = {
        "arn": (
            "request.dataset-arn.type",
            lambda text: of.body(arn=text),
            {**_TEXTS, "array": f'["{DATASET}"]', "object": f'{{"arn": "{DATASET}"}}'},
        ),
        many: (
            f"request.{many}.type",
            lambda text: of.body(things=text),
            {
                **_without("empty-array"),
                "string": '"none"',
                "empty-string": '""',
                "text-of-json": json.dumps(f"[{item}]"),
                "object": item,
                "object-of-one": f'{{"1": {item}}}',
            },
        ),
        one: (
            f"request.{one}.type",
            lambda text: of.body(things=f"[{text}]"),
            {
                **_without("empty-object"),
                "string": f'"{PREFIX}1"',
                "text-of-json": json.dumps(item),
                "array": f"[{item}]",
                "array-of-pairs": f'[["{of.id}", "{PREFIX}1"]]',
            },
        ),
        f"{one}-id": (
            f"request.{one}-id.type",
            of.with_id,
            {**_TEXTS, "array": f'["{PREFIX}1"]', "object": f'{{"id": "{PREFIX}1"}}'},
        ),
        # Of an optional member null may mean that it is left out.
        "properties": (
            "request.properties.type",
            of.with_properties,
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
            {**_without("empty-object"), "string": '"tea"', "array": f"[{of.body()}]"},
        ),
    }
    for member, (clause, body, texts) in table.items():
        for kind, text in texts.items():
            name, sends = f"{member}-{kind}", of.wire(body(text))
            if member == "arn":
                yield arn_refused(name, clause, sends, MALFORMED)
            else:
                yield malformed(name, clause, sends)


def _without(kind: str) -> Mapping[str, str]:
    return {name: text for name, text in _TEXTS.items() if name != kind}


_PLACES = {
    "first-of-ten": (0, 10),
    "second-of-ten": (1, 10),
    "fifth-of-ten": (4, 10),
    "eighth-of-ten": (7, 10),
    "last-of-ten": (9, 10),
    "last-of-two": (1, 2),
}
"""Index and size of the batch."""


def _in_places(of: Batch) -> Iterator[Scenario]:
    """One mistake in a batch of ten: in the first, the second, the fifth, the eighth, the last.

    And in the second of two.
    """
    one, too_long = of.one, f'"{long_id(257)}"'
    too_much = json.dumps(long_properties(of.max_properties + 1))
    mistakes: Mapping[str, tuple[str, Callable[..., Scenario], str]] = {
        f"{one}-null": (f"request.{one}.type", malformed, "null"),
        f"{one}-string": (f"request.{one}.type", malformed, f'"{PREFIX}1"'),
        f"{one}-id-absent": (f"request.{one}-id.required", refused, of.nameless()),
        f"{one}-id-null": (f"request.{one}-id.type", malformed, of.text("null")),
        f"{one}-id-number": (f"request.{one}-id.type", malformed, of.text("1")),
        f"{one}-id-0": (f"request.{one}-id.min-length", refused, of.text('""')),
        f"{one}-id-257": (f"request.{one}-id.max-length", refused, of.text(too_long)),
        "properties-number": ("request.properties.type", malformed, of.text(properties="1")),
        "properties-0": ("request.properties.min-length", refused, of.text(properties='""')),
        f"properties-{of.max_properties + 1}": (
            "request.properties.max-length",
            refused,
            of.text(properties=too_much),
        ),
    }
    for name, (clause, row, mistake) in mistakes.items():
        for place, (index, count) in _PLACES.items():
            things = [of.text(f'"{PREFIX}{number}"') for number in range(1, count + 1)]
            things[index] = mistake
            sends = of.wire(of.body(things=f"[{', '.join(things)}]"))
            yield row(f"{name}-{place}", clause, sends)


def _with_and_without_properties(of: Batch) -> Iterator[Scenario]:
    """The same mistakes with and without the member that may be left out."""
    one, many = of.one, of.many
    bare = of.named(f"{PREFIX}1", None)

    def alone(name: str) -> str:
        return of.body(things=f'[{{"{of.id}": {name}}}]')

    absent = of.body(things="[{}]")
    yield refused(f"{one}-empty", f"request.{one}-id.required", of.wire(absent))
    yield refused(f"bare-{one}-id-0", f"request.{one}-id.min-length", of.wire(alone('""')))
    yield malformed(f"bare-{one}-id-number", f"request.{one}-id.type", of.wire(alone("1")))
    yield malformed(f"bare-{one}-id-null", f"request.{one}-id.type", of.wire(alone("null")))
    yield refused(
        f"bare-{one}-id-257",
        f"request.{one}-id.max-length",
        of.call([of.named(long_id(257), None)]),
    )
    yield refused(f"bare-{many}-11", f"request.{many}.max-members", of.call(_bare(of, 11)))
    yield accepted(f"bare-{many}-10", f"request.{many}.max-members", of.call(_bare(of, 10)))
    yield accepted(
        "properties-absent-in-one-of-three",
        "request.properties.optional",
        of.call([of.thing(1), of.thing(2, None), of.thing(3)]),
    )
    yield Scenario(
        f"bare-{one}-missing",
        of.call([bare]),
        (
            ("error.not-found.status", Status(404)),
            ("error.not-found.code", Code("ResourceNotFoundException")),
            ("error.message", Message(never=SENSITIVE)),
        ),
        state="missing",
    )
    yield Scenario(
        f"bare-{one}-in-use",
        of.call([bare]),
        (
            ("error.in-use.status", Status(409)),
            ("error.in-use.code", Code("ResourceInUseException")),
            ("error.message", Message(never=SENSITIVE)),
        ),
        state="in-use",
    )
    yield Scenario(
        f"in-use-ten-{many}-message",
        of.call(of.things(10)),
        (("error.message", Message(never=SENSITIVE)),),
        state="in-use",
    )


def _bare(of: Batch, count: int) -> list[dict[str, str]]:
    return [of.named(f"{PREFIX}{number}", None) for number in range(1, count + 1)]


def _sizes(of: Batch) -> Iterator[Scenario]:
    """Sizes between the limits, far past them, and those that other units would call small."""
    one, many, most = of.one, of.many, of.max_properties
    for count in range(2, 10):
        yield accepted(f"{many}-{count}", f"request.{many}.max-members", of.call(of.things(count)))
    name, id_clause = f"{one}-id", f"request.{one}-id.max-length"
    for words, text in {
        "258": long_id(258),
        "300": long_id(300),
        "512": long_id(512),
        "1100": long_id(1100),
        # 257 code points that count as fewer for readers, after NFC, or without blanks.
        "257-combining": PREFIX + _ACUTE * 118,
        "257-blanks": long_id(200) + " " * 57,
    }.items():
        yield refused(f"{name}-{words}", id_clause, of.call([of.named(text)]))
    for words, text in {
        "128": long_id(128),
        "255": long_id(255),
        "256-angle-brackets": PREFIX + "<" * 235,
        "256-accents": PREFIX + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 235,
        "odd-characters": PREFIX + _ODD,
        "other-scripts": PREFIX + _SCRIPTS,
    }.items():
        yield accepted(f"{name}-{words}", id_clause, of.call([of.named(text)]))
    yield accepted(
        f"{name}-256-in-each-of-ten",
        id_clause,
        of.call([of.named(f"{long_id(255)}{number}") for number in range(10)]),
    )
    clause, cup = "request.properties.max-length", "\N{TEACUP WITHOUT HANDLE}"
    for words, text in {
        f"{most + 1}-emoji": long_properties(most + 1, cup),
        f"{most + 1}-combining": f'{{"category": "{SENSITIVE}x{_ACUTE * ((most - 32) // 2)}"}}',
        f"{most + 1}-blanks": long_properties(most - 99) + " " * 100,
        f"{most + 10}": long_properties(most + 10),
        "65600": long_properties(65600),
        "150000": long_properties(150000),
        # Fewer, once they are read.
        f"{most + 1}-escapes": long_properties(most + 1).replace("xx", "\\n"),
    }.items():
        yield refused(f"properties-{words}", clause, of.call([of.thing(1, text)]))
    for words, text in {
        "odd-characters": json.dumps({"category": f"{SENSITIVE} {_ODD}"}),
        "other-scripts": f'{{"category": "{SENSITIVE} {_SCRIPTS}"}}',
        "line-break": f'{{"category": "{SENSITIVE}\\\\n"}}',
        "4096-characters": long_properties(4096),
        "spread-out": f'{{\n\t"category" : "{SENSITIVE}"\r\n}} ',
    }.items():
        yield accepted(
            f"properties-{words}", "response.success.status", of.call([of.thing(1, text)])
        )
    large = [of.thing(number, long_properties(most, cup)) for number in range(10)]
    yield accepted(
        f"properties-{most}-emoji-in-each-of-ten",
        clause,
        of.wire(of.body(things=json.dumps(large, ensure_ascii=False))),
    )
    yield accepted(
        f"properties-{most}-in-each-of-ten",
        clause,
        of.call([of.thing(number, long_properties(most)) for number in range(10)]),
    )
