"""The table of scenarios of each operation, and of those that put things into a dataset.

Every expectation is written out here from the page. None is computed from the contract file or
taken from the reference service, so that a mistake in those can't hide itself.
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
    Scenario,
    Wire,
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
    arn_refused,
    malformed,
    refused,
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
    # A pattern that is tried in every way takes its time with these.
    "colons-and-line-break": f"arn:aws:personalize{':' * 170}\n",
    "no-resource": "arn:aws:personalize:us-east-1:000000000000:",
    "too-few-fields": "arn:aws:personalize:us-east-1:000000000000",
    "other-separator": "arn/aws/personalize/us-east-1/000000000000/dataset/c/ITEMS",
}
"""What almost is the ARN of a Personalize resource."""

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
"""What the pattern allows, whether there is such a dataset or not."""


def scenarios(of: Batch) -> tuple[Scenario, ...]:
    """The table, for one operation."""
    one, many, good, most = of.one, of.many, of.body(), of.max_properties
    return (
        *messages(of),
        # --- how many
        refused(f"{many}-0", f"request.{many}.min-members", of.wire(of.body(things="[]"))),
        accepted(f"{many}-1", f"request.{many}.min-members", of.call(of.things(1))),
        accepted(f"{many}-10", f"request.{many}.max-members", of.call(of.things(10))),
        refused(f"{many}-11", f"request.{many}.max-members", of.call(of.things(11))),
        *(
            refused(f"{many}-{count}", f"request.{many}.max-members", of.call(of.things(count)))
            for count in (12, 20, 21, 99, 100, 266)
        ),
        refused(f"{many}-11-the-same", f"request.{many}.max-members", of.call([of.thing()] * 11)),
        accepted(
            f"same-{one}-twice", f"request.{many}.max-members", of.call([of.thing(1), of.thing(1)])
        ),
        # --- its id, in code points
        refused(f"{one}-id-0", f"request.{one}-id.min-length", of.wire(of.with_id('""'))),
        accepted(f"{one}-id-1", f"request.{one}-id.min-length", of.call([of.named(long_id(1))])),
        accepted(
            f"{one}-id-256", f"request.{one}-id.max-length", of.call([of.named(long_id(256))])
        ),
        refused(f"{one}-id-257", f"request.{one}-id.max-length", of.call([of.named(long_id(257))])),
        accepted(
            f"{one}-id-256-emoji",
            f"request.{one}-id.max-length",
            of.call([of.named(PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 235)]),
        ),
        refused(
            f"{one}-id-257-emoji",
            f"request.{one}-id.max-length",
            of.call([of.named(PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 236)]),
        ),
        refused(
            f"{one}-id-257-last",
            f"request.{one}-id.max-length",
            of.call([*of.things(9), of.named(long_id(257))]),
        ),
        # --- properties, in code points
        accepted("properties-absent", "request.properties.optional", of.call([of.thing(1, None)])),
        refused("properties-0", "request.properties.min-length", of.wire(of.with_properties('""'))),
        # No object has a text of one character. A service that reads what it holds refuses two.
        replace(
            accepted("properties-1", "request.properties.min-length", of.call([of.thing(1, "1")])),
            control=of.wire(of.with_properties('"12"')),
        ),
        accepted(
            f"properties-{most}",
            "request.properties.max-length",
            of.call([of.thing(1, long_properties(most))]),
        ),
        refused(
            f"properties-{most + 1}",
            "request.properties.max-length",
            of.call([of.thing(1, long_properties(most + 1))]),
        ),
        accepted(
            f"properties-{most}-emoji",
            "request.properties.max-length",
            of.call([of.thing(1, long_properties(most, "\N{TEACUP WITHOUT HANDLE}"))]),
        ),
        refused(
            f"properties-{most + 1}-last",
            "request.properties.max-length",
            of.call([*of.things(9), of.thing(10, long_properties(most + 1))]),
        ),
        # --- datasetArn
        Scenario(
            "arn-256",
            of.call(of.things(1), "@dataset:256@"),
            (
                ("request.dataset-arn.max-length", WellFormed()),
                ("error.not-found.status", Status(404)),
                ("error.not-found.code", Code("ResourceNotFoundException")),
                ("error.message", Message(never=SENSITIVE)),
            ),
            state="missing",
        ),
        *(
            arn_refused(
                f"arn-{length}",
                "request.dataset-arn.max-length",
                of.call(of.things(1), f"@dataset:{length}@"),
                INVALID,
            )
            for length in (257, 512, 1100)
        ),
        *(
            arn_refused(
                f"arn-{name}",
                "request.dataset-arn.pattern",
                of.call(of.things(1), arn),
                INVALID,
            )
            for name, arn in _NEAR_MISSES.items()
        ),
        *(
            Scenario(
                f"arn-{name}",
                of.call(of.things(1), arn),
                (
                    ("request.dataset-arn.pattern", WellFormed()),
                    ("error.not-found.code", Code("ResourceNotFoundException", of=404)),
                    *UNKNOWN,
                ),
                denial=True,
            )
            for name, arn in _WELL_FORMED.items()
        ),
        # --- what is required
        arn_refused(
            "arn-absent",
            "request.dataset-arn.required",
            of.wire(f'{{"{many}": [{of.text()}]}}'),
            INVALID,
        ),
        refused(
            f"{many}-absent", f"request.{many}.required", of.wire('{"datasetArn": "@dataset@"}')
        ),
        refused(
            f"{one}-id-absent",
            f"request.{one}-id.required",
            of.wire(of.body(things=f"[{of.nameless()}]")),
        ),
        refused(
            f"{one}-id-absent-last",
            f"request.{one}-id.required",
            of.wire(of.body(things=f"[{of.text()}, {{}}]")),
        ),
        # --- JSON in other words, and malformed
        accepted(
            "body-other-order",
            "request.body.json-object",
            of.wire(f'{{"{many}": [{of.text()}], "datasetArn": "@dataset@"}}'),
        ),
        accepted(
            "body-white-space",
            "request.body.json-object",
            of.wire(f'\n{{\r\n\t"datasetArn" : "@dataset@" , "{many}":[ {of.text()}\n] }} \n'),
        ),
        accepted(
            "body-no-white-space",
            "request.body.json-object",
            of.wire(good.replace(": ", ":").replace(", ", ",")),
        ),
        accepted(
            "body-utf-8",
            "request.body.json-object",
            of.wire(of.with_id(f'"{PREFIX}\N{TEACUP WITHOUT HANDLE}"')),
        ),
        accepted(
            "body-escapes",
            "request.body.json-object",
            of.wire(
                of.with_id(f'"{PREFIX}\\u00E9\\u00e9"')
                .replace(DATASET, ESCAPED)
                .replace(many, f"\\u{ord(many[0]):04x}{many[1:]}")
            ),
        ),
        accepted(
            f"{one}-other-order",
            "request.body.json-object",
            of.wire(of.body(things=f"[{of.backwards()}]")),
        ),
        *not_json(of),
        # --- the dataset's state
        Scenario(
            "missing",
            of.call(of.things(1)),
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
            of.call(of.things(1)),
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
            f"missing-ten-{many}",
            of.call(of.things(10)),
            (
                ("error.not-found.code", Code("ResourceNotFoundException")),
                ("error.not-found.status", Status(404)),
                ("error.message", Message(never=SENSITIVE)),
            ),
            state="missing",
        ),
        Scenario(
            f"in-use-ten-{many}",
            of.call(of.things(10)),
            (
                ("error.in-use.code", Code("ResourceInUseException")),
                ("error.in-use.status", Status(409)),
            ),
            state="in-use",
        ),
        # --- errors of their own
        Scenario(
            "invalid-input-status",
            of.call(of.things(11)),
            (("error.invalid-input.status", Status(400)),),
        ),
        Scenario(
            "invalid-input-code",
            of.call(of.things(11)),
            (("error.invalid-input.code", Code("InvalidInputException")),),
        ),
        Scenario("malformed-status", of.wire("{"), MALFORMED),
        Scenario(
            "message-keeps-properties",
            of.call([*of.things(10), of.thing(1)]),
            (("error.message", Message(never=SENSITIVE)),),
        ),
        # --- what the page doesn't say
        *unknowns(of),
        # --- wrong JSON types, and mistakes anywhere in a batch
        *crossed(of),
        # --- on a connection that was used before
        *after(
            of,
            {
                "perhaps-missing": (of.wire(of.body(arn=f'"{LONGER}"')),),
                "another-path": (Wire(f"/{many}/tea", good),),
                "a-large-success": (
                    of.wire(of.with_properties(json.dumps(long_properties(most)))),
                ),
                "a-long-mistake": (of.wire(of.with_properties(f'"{"x" * (most + 1)}"')),),
            },
        ),
        *(
            replace(row, id=f"{row.id}-after-{name}", before=(of.wire(before),))
            for name, before in {"success": good, "malformed": good[:-1]}.items()
            for row in (
                refused(f"{many}-0", f"request.{many}.min-members", of.wire(of.body(things="[]"))),
                malformed("body-truncated", "request.body.json-object", of.wire(good[:-1])),
            )
        ),
        # --- still there after all that
        accepted("success-at-the-end", "response.success.status", of.call(of.things(2))),
    )


class _Tables(Mapping[str, tuple[Scenario, ...]]):
    """The scenarios of each operation, made of the `suite` of its file when they are asked for."""

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
