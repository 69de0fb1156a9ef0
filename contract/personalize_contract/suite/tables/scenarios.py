"""The scenarios of each operation, and the table of operations that put a batch of records.

Every expectation is a literal from the page. None is computed from the contract file or taken from
the reference service, so a mistake in those can't hide itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from personalize_contract.model import contract_files
from personalize_contract.model.datasets import PREFIX
from personalize_contract.suite.expectations import Code, Message, Observed, Status, WellFormed
from personalize_contract.suite.scenario import (
    DATASET,
    ESCAPED,
    LONGER,
    SENSITIVE,
    Batch,
    RawRequest,
    Scenario,
    long_id,
    long_properties,
)
from personalize_contract.suite.tables.crossed import crossed
from personalize_contract.suite.tables.members import Example, members
from personalize_contract.suite.tables.messages import after, messages
from personalize_contract.suite.tables.not_json import not_json
from personalize_contract.suite.tables.rows import (
    INVALID,
    MALFORMED,
    UNKNOWN,
    accepted,
    arn_rejected,
    malformed,
    rejected,
)
from personalize_contract.suite.tables.unknowns import unknowns

_NEAR_MISSES = {
    "not-an-arn": "contract",
    "leading-junk": "xarn:aws:personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "empty": "",
    "line-break-after": "arn:aws:personalize:us-east-1:000000000000:dataset/contract/ITEMS\n",
    "sibling-service": "arn:aws:personalize-events:us-east-1:000000000000:dataset/c/ITEMS",
    "other-service": "arn:aws:s3:us-east-1:000000000000:dataset/contract/ITEMS",
    "blank-before": " arn:aws:personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "upper-case": "ARN:AWS:PERSONALIZE:us-east-1:000000000000:dataset/contract/ITEMS",
    "upper-case-arn": "ARN:aws:personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "upper-case-partition": "arn:AWS:personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "upper-case-service": "arn:aws:Personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "no-partition": "arn::personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "bad-partition": "arn:a_s:personalize:us-east-1:000000000000:dataset/c/ITEMS",
    "dot-in-partition": "arn:a.s:personalize:us-east-1:000000000000:dataset/c/ITEMS",
    # A backtracking pattern takes very long for these.
    "colons-and-line-break": f"arn:aws:personalize{':' * 170}\n",
    "no-resource": "arn:aws:personalize:us-east-1:000000000000:",
    "too-few-fields": "arn:aws:personalize:us-east-1:000000000000",
    "other-separator": "arn/aws/personalize/us-east-1/000000000000/dataset/c/ITEMS",
}
"""Texts that almost are the ARN of a Personalize resource."""

_WELL_FORMED = {
    "empty-fields": "arn:aws:personalize:::x",
    "aws-cn": "arn:aws-cn:personalize:cn-north-1:000000000000:dataset/contract/ITEMS",
    "aws-us-gov": "arn:aws-us-gov:personalize:us-gov-west-1:000000000000:dataset/c/ITEMS",
    "other-region": "arn:aws:personalize:eu-west-1:000000000000:dataset/contract/ITEMS",
    "digit-in-partition": "arn:aws2:personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "colons": f"arn:aws:personalize{':' * 170}",
    "longer": LONGER,
    "more-colons": "arn:aws:personalize:us-east-1:000000000000:dataset:contract:ITEMS",
}
"""Texts that match the pattern, whether such a dataset exists or not."""


def scenarios(batch: Batch) -> tuple[Scenario, ...]:
    """Return the scenarios of an operation that puts a batch of records."""
    singular, plural, limit = batch.singular, batch.plural, batch.max_properties
    good, record = batch.body(), batch.record_text()
    return (
        *messages(batch),
        # --- number of records
        rejected(
            f"{plural}-0", f"request.{plural}.min-members", batch.raw(batch.body(records="[]"))
        ),
        accepted(f"{plural}-1", f"request.{plural}.min-members", batch.call(batch.records(1))),
        accepted(f"{plural}-10", f"request.{plural}.max-members", batch.call(batch.records(10))),
        rejected(f"{plural}-11", f"request.{plural}.max-members", batch.call(batch.records(11))),
        *(
            rejected(
                f"{plural}-{count}",
                f"request.{plural}.max-members",
                batch.call(batch.records(count)),
            )
            for count in (12, 20, 21, 99, 100, 266)
        ),
        rejected(
            f"{plural}-11-the-same",
            f"request.{plural}.max-members",
            batch.call([batch.record()] * 11),
        ),
        accepted(
            f"same-{singular}-twice",
            f"request.{plural}.max-members",
            batch.call([batch.record(1), batch.record(1)]),
        ),
        # --- length of an id, in code points
        rejected(
            f"{singular}-id-0",
            f"request.{singular}-id.min-length",
            batch.raw(batch.body_with_id('""')),
        ),
        accepted(
            f"{singular}-id-1",
            f"request.{singular}-id.min-length",
            batch.call([batch.record_with_id(long_id(1))]),
        ),
        accepted(
            f"{singular}-id-256",
            f"request.{singular}-id.max-length",
            batch.call([batch.record_with_id(long_id(256))]),
        ),
        rejected(
            f"{singular}-id-257",
            f"request.{singular}-id.max-length",
            batch.call([batch.record_with_id(long_id(257))]),
        ),
        accepted(
            f"{singular}-id-256-emoji",
            f"request.{singular}-id.max-length",
            batch.call([batch.record_with_id(PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 235)]),
        ),
        rejected(
            f"{singular}-id-257-emoji",
            f"request.{singular}-id.max-length",
            batch.call([batch.record_with_id(PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 236)]),
        ),
        rejected(
            f"{singular}-id-257-last",
            f"request.{singular}-id.max-length",
            batch.call([*batch.records(9), batch.record_with_id(long_id(257))]),
        ),
        # --- length of properties, in code points
        accepted(
            "properties-absent", "request.properties.optional", batch.call([batch.record(1, None)])
        ),
        rejected(
            "properties-0",
            "request.properties.min-length",
            batch.raw(batch.body_with_properties('""')),
        ),
        # No JSON object has one character. A service that parses the text also rejects two.
        replace(
            accepted(
                "properties-1", "request.properties.min-length", batch.call([batch.record(1, "1")])
            ),
            control=batch.raw(batch.body_with_properties('"12"')),
        ),
        accepted(
            f"properties-{limit}",
            "request.properties.max-length",
            batch.call([batch.record(1, long_properties(limit))]),
        ),
        rejected(
            f"properties-{limit + 1}",
            "request.properties.max-length",
            batch.call([batch.record(1, long_properties(limit + 1))]),
        ),
        accepted(
            f"properties-{limit}-emoji",
            "request.properties.max-length",
            batch.call([batch.record(1, long_properties(limit, "\N{TEACUP WITHOUT HANDLE}"))]),
        ),
        rejected(
            f"properties-{limit + 1}-last",
            "request.properties.max-length",
            batch.call([*batch.records(9), batch.record(10, long_properties(limit + 1))]),
        ),
        # --- datasetArn
        Scenario(
            "arn-256",
            batch.call(batch.records(1), "@dataset:256@"),
            (
                ("request.dataset-arn.max-length", WellFormed()),
                ("error.not-found.status", Status(404)),
                ("error.not-found.code", Code("ResourceNotFoundException")),
                ("error.message", Message(never=SENSITIVE)),
            ),
            state="missing",
        ),
        *(
            arn_rejected(
                f"arn-{length}",
                "request.dataset-arn.max-length",
                batch.call(batch.records(1), f"@dataset:{length}@"),
                INVALID,
            )
            for length in (257, 512, 1100)
        ),
        *(
            arn_rejected(
                f"arn-{name}",
                "request.dataset-arn.pattern",
                batch.call(batch.records(1), arn),
                INVALID,
            )
            for name, arn in _NEAR_MISSES.items()
        ),
        *(
            Scenario(
                f"arn-{name}",
                batch.call(batch.records(1), arn),
                (
                    ("request.dataset-arn.pattern", WellFormed()),
                    ("error.not-found.code", Code("ResourceNotFoundException", with_status=404)),
                    *UNKNOWN,
                ),
                denial=True,
            )
            for name, arn in _WELL_FORMED.items()
        ),
        # --- required members
        arn_rejected(
            "arn-absent",
            "request.dataset-arn.required",
            batch.raw(f'{{"{plural}": [{batch.record_text()}]}}'),
            INVALID,
        ),
        rejected(
            f"{plural}-absent",
            f"request.{plural}.required",
            batch.raw('{"datasetArn": "@dataset@"}'),
        ),
        rejected(
            f"{singular}-id-absent",
            f"request.{singular}-id.required",
            batch.raw(batch.body(records=f"[{batch.record_text_without_id()}]")),
        ),
        rejected(
            f"{singular}-id-absent-last",
            f"request.{singular}-id.required",
            batch.raw(batch.body(records=f"[{batch.record_text()}, {{}}]")),
        ),
        # --- other notations of the same JSON, and malformed JSON
        accepted(
            "body-other-order",
            "request.body.json-object",
            batch.raw(f'{{"{plural}": [{batch.record_text()}], "datasetArn": "@dataset@"}}'),
        ),
        accepted(
            "body-white-space",
            "request.body.json-object",
            batch.raw(f'\n{{\r\n\t"datasetArn" : "@dataset@" , "{plural}":[ {record}\n] }} \n'),
        ),
        accepted(
            "body-no-white-space",
            "request.body.json-object",
            batch.raw(good.replace(": ", ":").replace(", ", ",")),
        ),
        accepted(
            "body-utf-8",
            "request.body.json-object",
            batch.raw(batch.body_with_id(f'"{PREFIX}\N{TEACUP WITHOUT HANDLE}"')),
        ),
        accepted(
            "body-escapes",
            "request.body.json-object",
            batch.raw(
                batch.body_with_id(f'"{PREFIX}\\u00E9\\u00e9"')
                .replace(DATASET, ESCAPED)
                .replace(plural, f"\\u{ord(plural[0]):04x}{plural[1:]}")
            ),
        ),
        accepted(
            f"{singular}-other-order",
            "request.body.json-object",
            batch.raw(batch.body(records=f"[{batch.record_text_reversed()}]")),
        ),
        *not_json(batch),
        # --- state of the dataset
        Scenario(
            "missing",
            batch.call(batch.records(1)),
            (
                ("error.not-found.status", Status(404)),
                ("error.not-found.code", Code("ResourceNotFoundException")),
                ("error.message", Message(never=SENSITIVE)),
                ("error.message.text", Observed("message")),
                ("error.framing", Observed("framing")),
                ("error.content-type", Observed("content-type")),
            ),
            state="missing",
        ),
        Scenario(
            "in-use",
            batch.call(batch.records(1)),
            (
                ("error.in-use.status", Status(409)),
                ("error.in-use.code", Code("ResourceInUseException")),
                ("error.message", Message(never=SENSITIVE)),
                ("error.message.text", Observed("message")),
                ("error.framing", Observed("framing")),
                ("error.content-type", Observed("content-type")),
            ),
            state="in-use",
        ),
        Scenario(
            f"missing-ten-{plural}",
            batch.call(batch.records(10)),
            (
                ("error.not-found.code", Code("ResourceNotFoundException")),
                ("error.not-found.status", Status(404)),
                ("error.message", Message(never=SENSITIVE)),
            ),
            state="missing",
        ),
        Scenario(
            f"in-use-ten-{plural}",
            batch.call(batch.records(10)),
            (
                ("error.in-use.code", Code("ResourceInUseException")),
                ("error.in-use.status", Status(409)),
            ),
            state="in-use",
        ),
        # --- scenarios about an error itself
        Scenario(
            "invalid-input-status",
            batch.call(batch.records(11)),
            (("error.invalid-input.status", Status(400)),),
        ),
        Scenario(
            "invalid-input-code",
            batch.call(batch.records(11)),
            (("error.invalid-input.code", Code("InvalidInputException")),),
        ),
        Scenario("malformed-status", batch.raw("{"), MALFORMED),
        Scenario(
            "message-keeps-properties",
            batch.call([*batch.records(10), batch.record(1)]),
            (("error.message", Message(never=SENSITIVE)),),
        ),
        # --- undocumented behaviour
        *unknowns(batch),
        # --- wrong JSON types, and mistakes at any position of a batch
        *crossed(batch),
        # --- a reused connection
        *after(
            batch,
            {
                "perhaps-missing": (batch.raw(batch.body(arn=f'"{LONGER}"')),),
                "another-path": (RawRequest(f"/{plural}/tea", good),),
                "a-large-success": (
                    batch.raw(batch.body_with_properties(json.dumps(long_properties(limit)))),
                ),
                "a-long-mistake": (
                    batch.raw(batch.body_with_properties(f'"{"x" * (limit + 1)}"')),
                ),
            },
        ),
        *(
            replace(row, id=f"{row.id}-after-{name}", before=(batch.raw(before),))
            for name, before in {"success": good, "malformed": good[:-1]}.items()
            for row in (
                rejected(
                    f"{plural}-0",
                    f"request.{plural}.min-members",
                    batch.raw(batch.body(records="[]")),
                ),
                malformed("body-truncated", "request.body.json-object", batch.raw(good[:-1])),
            )
        ),
        # --- the service still works after all that
        accepted("success-at-the-end", "response.success.status", batch.call(batch.records(2))),
    )


class _Tables(Mapping[str, tuple[Scenario, ...]]):
    """The scenarios of each operation, made on first use from the `suite` of its contract file."""

    def __getitem__(self, operation: str) -> tuple[Scenario, ...]:
        if operation not in contract_files.operations():
            raise KeyError(operation)
        return _table(operation)

    def __iter__(self) -> Iterator[str]:
        return iter(contract_files.operations())

    def __len__(self) -> int:
        return len(contract_files.operations())


@contract_files.forgets
@cache
def _table(operation: str) -> tuple[Scenario, ...]:
    file = contract_files.read(operation)
    suite = dict(file.document.get("suite", {}))
    try:
        table = suite.pop("table", "members")
        if table == "dataset":
            return scenarios(Batch(suite.pop("one"), suite.pop("longest_properties")))
        return members(Example.read(suite))
    except (KeyError, ValueError, TypeError) as error:
        raise file.error(f"suite: {error}", "suite") from error


SCENARIOS: Mapping[str, tuple[Scenario, ...]] = _Tables()
"""The scenarios of each operation."""
