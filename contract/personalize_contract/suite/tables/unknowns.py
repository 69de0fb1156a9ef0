"""The scenarios of what the page doesn't say.

Nothing is expected of these answers: they are noted, so that a recording of AWS answers what is
unknown. What no answer to this operation can show, such as which items of a refused batch were
stored, is not here; docs/fidelity.md says so.
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
"""The clauses of which a refusal of the sender is an answer too."""

_ELSEWHERE = ("request.method.other", "request.path.other")
"""The clauses about what is no request of the operation, so that nothing is known of a success."""


def unknowns(of: Batch) -> tuple[Scenario, ...]:
    """The scenarios of an operation that puts things into a dataset."""
    return (*of_messages(of), *_of_things(of), *_two_mistakes(of))


def of_messages(of: Operation) -> Iterator[Scenario]:
    """The scenarios of messages, whatever the operation is about."""
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
            # One and the same to RFC 9110, and not to each reader of headers.
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
        # What a schema may refuse, or a reader of the JSON in the string.
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
    """A scenario for each row, which notes what is answered.

    Args:
        table: clause to scenario to what is sent.
    """
    for clause, rows in table.items():
        for name, sends in rows.items():
            # What is no request of the operation may have a success of its own.
            known = UNKNOWN[-1:] if clause in _ELSEWHERE else UNKNOWN
            noted: Expects = ((clause, Observed()), *known)
            yield Scenario(name, sends, noted, denial=clause in _DENIALS)


def _two_mistakes(of: Batch) -> Iterator[Scenario]:
    """Two mistakes in one request: which one is answered shows what is checked first."""
    good, eleven = of.body(), of.things(11)
    # Two mistakes may share a code; then the message says which one was answered.
    noted: Expects = (("error.precedence", Observed("mistake")), *UNKNOWN)
    yield Scenario("missing-and-eleven", of.call(eleven), noted, "missing")
    yield Scenario("in-use-and-eleven", of.call(eleven), noted, "in-use")
    yield Scenario("missing-and-wrong-type", of.wire(of.with_id("1")), noted, "missing")
    yield Scenario("missing-and-cut-short", of.wire(good[:-1]), noted, "missing")
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
        yield Scenario(name, sent, noted, denial=name.startswith("unsigned"))
