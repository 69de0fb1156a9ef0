"""The table of scenarios.

Every expectation is written out here from the page. None is computed from the contract file or
taken from the reference service, so that a mistake in those can't hide itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from personalize_contract.datasets import PREFIX
from personalize_contract.suite.expect import (
    Accepted,
    Code,
    EmptyBody,
    Message,
    NotLookedUp,
    Observed,
    Refused,
    Status,
    WellFormed,
)
from personalize_contract.suite.scenario import (
    SENSITIVE,
    Batch,
    Call,
    Expects,
    Scenario,
    Wire,
    long_id,
    long_properties,
)
from personalize_contract.suite.unknowns import unknowns

# What the page says of an answer, whatever the request was about.
_SUCCESS: Expects = (
    ("response.success.status", Status(200)),
    ("response.success.empty-body", EmptyBody()),
    ("response.success.headers", Observed("headers")),
)
_INVALID: Expects = (
    ("error.invalid-input.status", Status(400)),
    ("error.invalid-input.code", Code("InvalidInputException")),
    ("error.message", Message(never=SENSITIVE)),
    ("error.message.text", Observed("message")),
    ("error.framing", Observed("framing")),
    ("error.content-type", Observed("content-type")),
)
_MALFORMED: Expects = (
    ("error.malformed.status", Status(400)),
    ("error.message", Message(never=SENSITIVE)),
    ("error.malformed.code", Observed()),
    ("error.message.text", Observed("message")),
    ("error.framing", Observed("framing")),
    ("error.content-type", Observed("content-type")),
)


def _accepted(scenario: str, clause: str, sends: Call | Wire) -> Scenario:
    return Scenario(scenario, sends, ((clause, Accepted()), *_SUCCESS))


def _refused(scenario: str, clause: str, sends: Call | Wire) -> Scenario:
    return Scenario(scenario, sends, ((clause, Refused()), *_INVALID))


def _malformed(scenario: str, clause: str, sends: Wire) -> Scenario:
    return Scenario(scenario, sends, ((clause, Refused()), *_MALFORMED))


def _arn_refused(scenario: str, clause: str, sends: Call | Wire, error: Expects) -> Scenario:
    return Scenario(scenario, sends, ((clause, Refused()), (clause, NotLookedUp()), *error))


_NEAR_MISSES = {
    "not-an-arn": "contract",
    "leading-junk": "xarn:aws:personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "empty": "",
    "other-service": "arn:aws:s3:us-east-1:000000000000:dataset/contract/ITEMS",
    "upper-case": "ARN:AWS:PERSONALIZE:us-east-1:000000000000:dataset/contract/ITEMS",
    "no-partition": "arn::personalize:us-east-1:000000000000:dataset/contract/ITEMS",
    "bad-partition": "arn:a_s:personalize:us-east-1:000000000000:dataset/c/ITEMS",
    "no-resource": "arn:aws:personalize:us-east-1:000000000000:",
    "too-few-fields": "arn:aws:personalize:us-east-1:000000000000",
    "other-separator": "arn/aws/personalize/us-east-1/000000000000/dataset/c/ITEMS",
}
"""What almost is the ARN of a Personalize resource."""


def scenarios(of: Batch) -> tuple[Scenario, ...]:
    """The table, for one operation."""
    one, many, good, most = of.one, of.many, of.body(), of.max_properties
    return (
        # --- the operation
        Scenario("success", of.call(of.things(1)), _SUCCESS),
        Scenario("success-body", of.call(of.things(3)), (_SUCCESS[1], _SUCCESS[0])),
        _accepted("post", "request.method", of.wire(good)),
        _accepted("path", "request.path", of.wire(good)),
        _accepted("no-uri-parameters", "request.no-uri-parameters", of.wire(good)),
        _accepted("media-type", "request.media-type", of.wire(good)),
        _accepted(
            "media-type-charset",
            "request.media-type",
            of.wire(good, content_type="application/json; charset=utf-8"),
        ),
        # --- how many
        _refused(f"{many}-0", f"request.{many}.min-members", of.wire(of.body(things="[]"))),
        _accepted(f"{many}-1", f"request.{many}.min-members", of.call(of.things(1))),
        _accepted(f"{many}-10", f"request.{many}.max-members", of.call(of.things(10))),
        _refused(f"{many}-11", f"request.{many}.max-members", of.call(of.things(11))),
        _refused(f"{many}-20", f"request.{many}.max-members", of.call(of.things(20))),
        _refused(f"{many}-11-the-same", f"request.{many}.max-members", of.call([of.thing()] * 11)),
        _accepted(
            f"same-{one}-twice", f"request.{many}.max-members", of.call([of.thing(1), of.thing(1)])
        ),
        # --- its id, in code points
        _refused(f"{one}-id-0", f"request.{one}-id.min-length", of.wire(of.with_id('""'))),
        _accepted(f"{one}-id-1", f"request.{one}-id.min-length", of.call([of.named(long_id(1))])),
        _accepted(
            f"{one}-id-256", f"request.{one}-id.max-length", of.call([of.named(long_id(256))])
        ),
        _refused(
            f"{one}-id-257", f"request.{one}-id.max-length", of.call([of.named(long_id(257))])
        ),
        _accepted(
            f"{one}-id-256-emoji",
            f"request.{one}-id.max-length",
            of.call([of.named(PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 235)]),
        ),
        _refused(
            f"{one}-id-257-emoji",
            f"request.{one}-id.max-length",
            of.call([of.named(PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 236)]),
        ),
        _refused(
            f"{one}-id-257-last",
            f"request.{one}-id.max-length",
            of.call([*of.things(9), of.named(long_id(257))]),
        ),
        # --- properties, in code points
        _accepted("properties-absent", "request.properties.optional", of.call([of.thing(1, None)])),
        _refused(
            "properties-0", "request.properties.min-length", of.wire(of.with_properties('""'))
        ),
        _accepted("properties-1", "request.properties.min-length", of.call([of.thing(1, "1")])),
        _accepted(
            f"properties-{most}",
            "request.properties.max-length",
            of.call([of.thing(1, long_properties(most))]),
        ),
        _refused(
            f"properties-{most + 1}",
            "request.properties.max-length",
            of.call([of.thing(1, long_properties(most + 1))]),
        ),
        _accepted(
            f"properties-{most}-emoji",
            "request.properties.max-length",
            of.call([of.thing(1, long_properties(most, "\N{TEACUP WITHOUT HANDLE}"))]),
        ),
        _refused(
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
            ),
            state="missing",
        ),
        _arn_refused(
            "arn-257",
            "request.dataset-arn.max-length",
            of.call(of.things(1), "@dataset:257@"),
            _INVALID,
        ),
        *(
            _arn_refused(
                f"arn-{name}",
                "request.dataset-arn.pattern",
                of.call(of.things(1), arn),
                _INVALID,
            )
            for name, arn in _NEAR_MISSES.items()
        ),
        Scenario(
            "arn-empty-fields",
            of.call(of.things(1), "arn:aws:personalize:::x"),
            (("request.dataset-arn.pattern", WellFormed()),),
        ),
        Scenario(
            "arn-aws-cn",
            of.call(
                of.things(1),
                "arn:aws-cn:personalize:cn-north-1:000000000000:dataset/contract/ITEMS",
            ),
            (("request.dataset-arn.pattern", WellFormed()),),
        ),
        Scenario(
            "arn-aws-us-gov",
            of.call(
                of.things(1),
                "arn:aws-us-gov:personalize:us-gov-west-1:000000000000:dataset/c/ITEMS",
            ),
            (("request.dataset-arn.pattern", WellFormed()),),
        ),
        # --- what is required
        _arn_refused(
            "arn-absent",
            "request.dataset-arn.required",
            of.wire(f'{{"{many}": [{of.text()}]}}'),
            _INVALID,
        ),
        _refused(
            f"{many}-absent", f"request.{many}.required", of.wire('{"datasetArn": "@dataset@"}')
        ),
        _refused(
            f"{one}-id-absent",
            f"request.{one}-id.required",
            of.wire(of.body(things='[{"properties": "{}"}]')),
        ),
        _refused(
            f"{one}-id-absent-last",
            f"request.{one}-id.required",
            of.wire(of.body(things=f"[{of.text()}, {{}}]")),
        ),
        # --- wrong JSON types; null is one
        _arn_refused(
            "arn-null",
            "request.dataset-arn.type",
            of.wire(of.body(arn="null")),
            _MALFORMED,
        ),
        _arn_refused(
            "arn-number",
            "request.dataset-arn.type",
            of.wire(of.body(arn="1")),
            _MALFORMED,
        ),
        _arn_refused(
            "arn-array",
            "request.dataset-arn.type",
            of.wire(of.body(arn='["@dataset@"]')),
            _MALFORMED,
        ),
        _malformed(f"{many}-null", f"request.{many}.type", of.wire(of.body(things="null"))),
        _malformed(f"{many}-object", f"request.{many}.type", of.wire(of.body(things=of.text()))),
        _malformed(f"{many}-string", f"request.{many}.type", of.wire(of.body(things='"none"'))),
        _malformed(f"{one}-null", f"request.{one}.type", of.wire(of.body(things="[null]"))),
        _malformed(
            f"{one}-string",
            f"request.{one}.type",
            of.wire(of.body(things='["personalize-contract-1"]')),
        ),
        _malformed(
            f"{one}-array", f"request.{one}.type", of.wire(of.body(things=f"[[{of.text()}]]"))
        ),
        _malformed(f"{one}-id-null", f"request.{one}-id.type", of.wire(of.with_id("null"))),
        _malformed(f"{one}-id-number", f"request.{one}-id.type", of.wire(of.with_id("1"))),
        _malformed(f"{one}-id-true", f"request.{one}-id.type", of.wire(of.with_id("true"))),
        _malformed(f"{one}-id-object", f"request.{one}-id.type", of.wire(of.with_id("{}"))),
        _malformed(f"{one}-id-array", f"request.{one}-id.type", of.wire(of.with_id('["1"]'))),
        _malformed(
            "properties-object",
            "request.properties.type",
            of.wire(of.with_properties(f'{{"category": "{SENSITIVE}"}}')),
        ),
        _malformed(
            "properties-number", "request.properties.type", of.wire(of.with_properties("1"))
        ),
        _malformed(
            "properties-array",
            "request.properties.type",
            of.wire(of.with_properties(f'["{SENSITIVE}"]')),
        ),
        # --- JSON in other words, and malformed
        _accepted(
            "body-other-order",
            "request.body.json-object",
            of.wire(f'{{"{many}": [{of.text()}], "datasetArn": "@dataset@"}}'),
        ),
        _accepted(
            "body-white-space",
            "request.body.json-object",
            of.wire(f'\n{{\r\n\t"datasetArn" : "@dataset@" , "{many}":[ {of.text()}\n] }} \n'),
        ),
        _accepted(
            "body-no-white-space",
            "request.body.json-object",
            of.wire(good.replace(": ", ":").replace(", ", ",")),
        ),
        _accepted(
            "body-utf-8",
            "request.body.json-object",
            of.wire(of.with_id(f'"{PREFIX}\N{TEACUP WITHOUT HANDLE}"')),
        ),
        _malformed("body-empty", "request.body.json-object", of.wire("")),
        _malformed("body-truncated", "request.body.json-object", of.wire(good[:-1])),
        _malformed("body-trailing-junk", "request.body.json-object", of.wire(good + " tea")),
        _malformed("body-leading-junk", "request.body.json-object", of.wire("tea " + good)),
        _malformed("body-trailing-comma", "request.body.json-object", of.wire(good[:-1] + ",}")),
        _malformed(
            "body-single-quotes", "request.body.json-object", of.wire(good.replace('"', "'"))
        ),
        _malformed("body-comment", "request.body.json-object", of.wire(good + " // tea")),
        _malformed("body-form-feed", "request.body.json-object", of.wire("\f" + good)),
        _malformed(
            "body-unclosed-list", "request.body.json-object", of.wire(good.replace("]", ""))
        ),
        _malformed("body-array", "request.body.json-object", of.wire(f"[{good}]")),
        _malformed("body-null", "request.body.json-object", of.wire("null")),
        _malformed("body-number", "request.body.json-object", of.wire("10")),
        _malformed("body-string", "request.body.json-object", of.wire('"tea"')),
        _malformed(
            "body-form", "request.body.json-object", of.wire("datasetArn=@dataset@&items=1")
        ),
        _malformed(
            "body-not-utf-8",
            "request.body.json-object",
            of.wire(good.encode().replace(b"tea", b"t\xe9")),
        ),
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
        Scenario("malformed-status", of.wire("{"), _MALFORMED),
        Scenario(
            "message-keeps-properties",
            of.call([*of.things(10), of.thing(1)]),
            (("error.message", Message(never=SENSITIVE)),),
        ),
        # --- what the page doesn't say
        *unknowns(of),
        # --- still there after all that
        _accepted("success-at-the-end", "response.success.status", of.call(of.things(2))),
    )


SCENARIOS: Mapping[str, tuple[Scenario, ...]] = {
    "PutItems": scenarios(Batch("item", max_properties=32000)),
}
"""The scenarios of each operation."""
