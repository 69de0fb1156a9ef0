"""The scenarios of undocumented behaviour.

Nothing is expected of these answers: they are reported, so that a recording of AWS settles the
unknowns. Unknowns that no answer can settle, such as which items of a rejected batch were stored,
are in docs/fidelity.md.
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
    RawRequest,
    Scenario,
    long_id,
    long_properties,
)
from personalize_contract.suite.tables.rows import UNKNOWN

Sends = Mapping[str, Call | RawRequest]

_DENIALS = (
    "request.method.other",
    "request.path.other",
    "request.signature",
)
"""The clauses for which rejecting the sender is an answer too."""

_ELSEWHERE = ("request.method.other", "request.path.other")
"""The clauses about requests outside the operation, so that a success may have any form."""


def unknowns(batch: Batch) -> tuple[Scenario, ...]:
    """Return the scenarios of an operation that puts records into a dataset."""
    return (*of_messages(batch), *_of_records(batch), *_two_mistakes(batch))


def of_messages(operation: Operation) -> Iterator[Scenario]:
    """Yield the scenarios of messages, which are the same for every operation."""
    good, path = operation.body(), operation.path
    capital = operation.first_member[0].upper() + operation.first_member[1:]
    table: Mapping[str, Sends] = {
        "request.method.other": {
            "method-get": RawRequest(path, "", method="GET"),
            "method-put": RawRequest(path, good, method="PUT"),
            "method-delete": RawRequest(path, good, method="DELETE"),
        },
        "request.path.other": {"path-other": RawRequest(f"{path}/tea", good)},
        "request.uri-parameters": {"uri-parameter": RawRequest(f"{path}?tea=1", good)},
        "request.signature": {
            "signature-none": RawRequest(path, good, signature="none"),
            "signature-wrong": RawRequest(path, good, signature="wrong"),
            "signature-of-nobody": RawRequest(path, good, signature="of-nobody"),
            "signature-of-another-region": RawRequest(path, good, signature="of-another-region"),
        },
        "request.media-type.other": {
            "media-type-other": operation.raw(good, "text/plain"),
            "media-type-absent": operation.raw(good, None),
            # Equivalent in RFC 9110, but not to every parser of headers.
            "media-type-upper-case": operation.raw(good, "Application/JSON"),
            "media-type-quoted-charset": operation.raw(good, 'application/json; charset="utf-8"'),
        },
        "request.body.lenient": {
            "body-utf-16": operation.raw(good.encode("utf-16-le")),
            "body-bom": operation.raw(b"\xef\xbb\xbf" + good.encode()),
            "body-surrogate-in-utf-8": operation.raw(
                good.encode().replace(b"tea", b"te\xed\xa0\x80")
            ),
            "body-member-twice": operation.raw(
                good[:-1] + f', "{operation.first_member}": "{DATASET}"}}'
            ),
            "body-lone-surrogate": operation.raw(operation.body_with_id(f'"{PREFIX}\\ud800"')),
            "body-nan": operation.raw(good[:-1] + ', "tea": NaN}'),
            "body-nested-deeply": operation.raw(
                good[:-1] + ', "tea": ' + "[" * 500 + "]" * 500 + "}"
            ),
        },
        "request.unknown-members": {
            "unknown-member": operation.raw(good[:-1] + ', "tea": 1}'),
            "member-in-other-case": operation.raw(
                good.replace(f'"{operation.first_member}"', f'"{capital}"')
            ),
        },
    }
    yield from observed(table)


def _of_records(batch: Batch) -> Iterator[Scenario]:
    table: Mapping[str, Sends] = {
        f"request.{batch.plural}.duplicates": {
            f"one-{batch.singular}-in-two-versions": batch.call(
                [batch.record(1), batch.record(1, '{"category": "coffee"}')]
            ),
        },
        "request.properties.null": {
            "properties-null": batch.raw(batch.body_with_properties("null"))
        },
        # Documents that a schema, or a parser of the JSON in the string, may reject.
        "request.properties.content": {
            f"properties-{name}": batch.call([batch.record(1, properties)])
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


def _two_mistakes(batch: Batch) -> Iterator[Scenario]:
    """Yield requests with two mistakes: the error shows the order of checks."""
    good, eleven = batch.body(), batch.records(11)
    # Two mistakes may share a code; then the message identifies the reported one.
    expects: Expects = (("error.precedence", Observed("mistake")), *UNKNOWN)
    yield Scenario("missing-and-eleven", batch.call(eleven), expects, "missing")
    yield Scenario("in-use-and-eleven", batch.call(eleven), expects, "in-use")
    yield Scenario("missing-and-wrong-type", batch.raw(batch.body_with_id("1")), expects, "missing")
    yield Scenario("missing-and-cut-short", batch.raw(good[:-1]), expects, "missing")
    sends: Sends = {
        "bad-arn-and-eleven": batch.call(eleven, "contract"),
        "long-id-and-long-properties": batch.call(
            [batch.record_with_id(long_id(257), long_properties(batch.max_properties + 1))]
        ),
        "wrong-type-and-eleven": batch.raw(
            batch.body(
                records=f"[{', '.join([batch.record_text()] * 10 + [batch.record_text('1')])}]"
            )
        ),
        "other-media-type-and-cut-short": batch.raw(good[:-1], "text/plain"),
        "unsigned-and-cut-short": RawRequest(f"/{batch.plural}", good[:-1], signature="none"),
    }
    for name, sent in sends.items():
        yield Scenario(name, sent, expects, denial=name.startswith("unsigned"))
