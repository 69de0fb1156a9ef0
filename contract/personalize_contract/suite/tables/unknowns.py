"""The scenarios of undocumented behaviour.

Nothing is expected of these answers: they are reported, so that a recording of AWS settles the
    unknowns. Unknowns that no answer can settle, such as which items of a rejected batch were
    stored, are in docs/fidelity.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from personalize_contract.model.datasets import PREFIX
from personalize_contract.suite.expectations import Observed
from personalize_contract.suite.scenario import (
    DATASET,
    SENSITIVE,
    Batch,
    Call,
    Expects,
    Operation,
    Scenario,
    Wire,
    long_id,
    long_properties,
)
from personalize_contract.suite.tables.rows import UNKNOWN

Sends = Mapping[str, Call | Wire]

_DENIALS = (
    "request.method.other",
    "request.path.other",
    "request.signature",
)
"""The clauses for which rejecting the sender is an answer too."""

_ELSEWHERE = ("request.method.other", "request.path.other")
"""The clauses about requests outside the operation, so that a success may have any form."""


def unknowns(of: Batch) -> tuple[Scenario, ...]:
    """Return the scenarios of an operation that puts records into a dataset."""
    return (*of_messages(of), *_of_things(of), *_two_mistakes(of))


def of_messages(of: Operation) -> Iterator[Scenario]:
    """Yield the scenarios of messages, which are the same for every operation."""
    good, path = of.body(), of.path
    capital = of.first[0].upper() + of.first[1:]
    table: Mapping[str, Sends] = {
        "request.method.other": {
            "method-get": Wire(path, "", method="GET"),
            "method-put": Wire(path, good, method="PUT"),
            "method-delete": Wire(path, good, method="DELETE"),
        },
        "request.path.other": {"path-other": Wire(f"{path}/tea", good)},
        "request.uri-parameters": {"uri-parameter": Wire(f"{path}?tea=1", good)},
        "request.signature": {
            "signature-none": Wire(path, good, signature="none"),
            "signature-wrong": Wire(path, good, signature="wrong"),
            "signature-of-nobody": Wire(path, good, signature="of-nobody"),
            "signature-of-another-region": Wire(path, good, signature="of-another-region"),
        },
        "request.media-type.other": {
            "media-type-other": of.wire(good, "text/plain"),
            "media-type-absent": of.wire(good, None),
            # Equivalent in RFC 9110, but not to every parser of headers.
            "media-type-upper-case": of.wire(good, "Application/JSON"),
            "media-type-quoted-charset": of.wire(good, 'application/json; charset="utf-8"'),
        },
        "request.body.lenient": {
            "body-utf-16": of.wire(good.encode("utf-16-le")),
            "body-bom": of.wire(b"\xef\xbb\xbf" + good.encode()),
            "body-surrogate-in-utf-8": of.wire(good.encode().replace(b"tea", b"te\xed\xa0\x80")),
            "body-member-twice": of.wire(good[:-1] + f', "{of.first}": "{DATASET}"}}'),
            "body-lone-surrogate": of.wire(of.with_id(f'"{PREFIX}\\ud800"')),
            "body-nan": of.wire(good[:-1] + ', "tea": NaN}'),
            "body-nested-deeply": of.wire(good[:-1] + ', "tea": ' + "[" * 500 + "]" * 500 + "}"),
        },
        "request.unknown-members": {
            "unknown-member": of.wire(good[:-1] + ', "tea": 1}'),
            "member-in-other-case": of.wire(good.replace(f'"{of.first}"', f'"{capital}"')),
        },
    }
    yield from observed(table)


def _of_things(of: Batch) -> Iterator[Scenario]:
    table: Mapping[str, Sends] = {
        f"request.{of.many}.duplicates": {
            f"one-{of.one}-in-two-versions": of.call(
                [of.thing(1), of.thing(1, '{"category": "coffee"}')]
            ),
        },
        "request.properties.null": {"properties-null": of.wire(of.with_properties("null"))},
        # Documents that a schema, or a parser of the JSON in the string, may reject.
        "request.properties.content": {
            f"properties-{name}": of.call([of.thing(1, properties)])
            for name, properties in {
                "not-json": SENSITIVE,
                "json-array": f'["{SENSITIVE}"]',
                "unknown-field": f'{{"brew": "{SENSITIVE}"}}',
                "field-in-other-case": f'{{"CATEGORY": "{SENSITIVE}"}}',
                "other-type": '{"category": 1}',
                "null-field": '{"category": null}',
                "nested-field": f'{{"category": {{"name": "{SENSITIVE}"}}}}',
                "field-twice": f'{{"category": "{SENSITIVE}", "category": "coffee"}}',
            }.items()
        },
    }
    yield from observed(table)


def observed(table: Mapping[str, Sends]) -> Iterator[Scenario]:
    """Yield a scenario for each row, which reports the answer.

    Args:
        table: the requests, by clause and scenario.
    """
    for clause, rows in table.items():
        for name, sends in rows.items():
            # A request outside the operation may have another form of success.
            known = UNKNOWN[-1:] if clause in _ELSEWHERE else UNKNOWN
            expects: Expects = ((clause, Observed()), *known)
            yield Scenario(name, sends, expects, denial=clause in _DENIALS)


def _two_mistakes(of: Batch) -> Iterator[Scenario]:
    """Yield requests with two mistakes: the error shows the order of checks."""
    good, eleven = of.body(), of.things(11)
    # Two mistakes may share a code; then the message identifies the reported one.
    expects: Expects = (("error.precedence", Observed("mistake")), *UNKNOWN)
    yield Scenario("missing-and-eleven", of.call(eleven), expects, "missing")
    yield Scenario("in-use-and-eleven", of.call(eleven), expects, "in-use")
    yield Scenario("missing-and-wrong-type", of.wire(of.with_id("1")), expects, "missing")
    yield Scenario("missing-and-cut-short", of.wire(good[:-1]), expects, "missing")
    sends: Sends = {
        "bad-arn-and-eleven": of.call(eleven, "contract"),
        "long-id-and-long-properties": of.call(
            [of.named(long_id(257), long_properties(of.max_properties + 1))]
        ),
        "wrong-type-and-eleven": of.wire(
            of.body(things=f"[{', '.join([of.text()] * 10 + [of.text('1')])}]")
        ),
        "other-media-type-and-cut-short": of.wire(good[:-1], "text/plain"),
        "unsigned-and-cut-short": Wire(f"/{of.many}", good[:-1], signature="none"),
    }
    for name, sent in sends.items():
        yield Scenario(name, sent, expects, denial=name.startswith("unsigned"))
