"""The contract of PutItems as data: each promise of the page is a clause."""

from typing import Any

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.model import contract
from personalize_contract.model.contract import load

# Written down from the page: id, level, the bound party, the section.
CLAUSES = """
request.method                 documented caller  Request Syntax
request.path                   documented caller  Request Syntax
request.no-uri-parameters      documented caller  URI Request Parameters
request.media-type             documented caller  Request Syntax
request.body.json-object       documented caller  Request Body
request.dataset-arn.required   documented caller  Request Body: datasetArn
request.dataset-arn.type       documented caller  Request Body: datasetArn
request.dataset-arn.max-length documented caller  Request Body: datasetArn
request.dataset-arn.pattern    documented caller  Request Body: datasetArn
request.items.required         documented caller  Request Body: items
request.items.type             documented caller  Request Body: items
request.items.min-members      documented caller  Request Body: items
request.items.max-members      documented caller  Request Body: items
request.item.type              documented caller  Request Body: items
request.item-id.required       modelled   caller  Service model: Item, required
request.item-id.type           documented caller  Request Syntax
request.item-id.min-length     modelled   caller  Service model: StringType, min
request.item-id.max-length     modelled   caller  Service model: StringType, max
request.properties.optional    modelled   service Service model: Item, required
request.properties.type        documented caller  Request Syntax
request.properties.min-length  modelled   caller  Service model: ItemProperties, min
request.properties.max-length  modelled   caller  Service model: ItemProperties, max
response.success.status        documented service Response Elements
response.success.empty-body    documented service Response Elements
error.invalid-input.status     documented service Errors: InvalidInputException
error.invalid-input.code       documented service Errors: InvalidInputException
error.malformed.status         documented service Errors: InvalidInputException
error.not-found.status         documented service Errors: ResourceNotFoundException
error.not-found.code           documented service Errors: ResourceNotFoundException
error.in-use.status            documented service Errors: ResourceInUseException
error.in-use.code              documented service Errors: ResourceInUseException
"""

# Undocumented behaviour that recordings of AWS may show.
OBSERVED = [
    "error.malformed.code",
    "error.precedence",
    "error.message.text",
    "error.framing",
    "error.content-type",
    "response.success.headers",
    "request.method.other",
    "request.path.other",
    "request.uri-parameters",
    "request.signature",
    "request.media-type.other",
    "request.body.lenient",
    "request.unknown-members",
    "request.items.duplicates",
    "request.properties.null",
    "request.properties.content",
]

RULES = {
    "request.method": {"method": "POST"},
    "request.path": {"path": "/items"},
    "request.no-uri-parameters": {"query": ""},
    "request.media-type": {"media-type": "application/json"},
    "request.body.json-object": {"at": "", "type": "object"},
    "request.dataset-arn.required": {"at": "datasetArn", "required": True},
    "request.dataset-arn.type": {"at": "datasetArn", "type": "string"},
    "request.dataset-arn.max-length": {"at": "datasetArn", "max-length": 256},
    "request.dataset-arn.pattern": {
        "at": "datasetArn",
        "pattern": r"arn:([a-z\d-]+):personalize:.*:.*:.+",
    },
    "request.items.required": {"at": "items", "required": True},
    "request.items.type": {"at": "items", "type": "array"},
    "request.items.min-members": {"at": "items", "min-members": 1},
    "request.items.max-members": {"at": "items", "max-members": 10},
    "request.item.type": {"at": "items[]", "type": "object"},
    "request.item-id.required": {"at": "items[].itemId", "required": True},
    "request.item-id.type": {"at": "items[].itemId", "type": "string"},
    "request.item-id.min-length": {"at": "items[].itemId", "min-length": 1},
    "request.item-id.max-length": {"at": "items[].itemId", "max-length": 256},
    "request.properties.type": {"at": "items[].properties", "type": "string"},
    "request.properties.min-length": {"at": "items[].properties", "min-length": 1},
    "request.properties.max-length": {"at": "items[].properties", "max-length": 32000},
}

ROW: dict[str, Any] = {
    "id": "request.x",
    "statement": "It is.",
    "source": "Request Body",
    "level": "documented",
    "binds": "caller",
    "check": {"at": "x", "required": True},
    "refused": "malformed",
}


@pytest.mark.parametrize("row", CLAUSES.strip().splitlines(), ids=lambda row: row.split()[0])
def test_each_promise_of_the_page_is_a_clause(row: str) -> None:
    name, level, binds, source = row.split(maxsplit=3)
    clause = load("PutItems").clauses[name]

    assert (clause.id, clause.level, clause.binds, clause.source) == (name, level, binds, source)
    assert clause.statement.endswith(".")


def test_the_message_of_an_error_is_modelled() -> None:
    clause = load("PutItems").clauses["error.message"]

    assert (clause.level, clause.binds) == ("modelled", "service")
    assert clause.source.startswith("Service model: InvalidInputException, message")


def test_no_other_clauses_exist() -> None:
    listed = {row.split()[0] for row in CLAUSES.strip().splitlines()}

    assert set(load("PutItems").clauses) == listed | {"error.message", *OBSERVED}


@pytest.mark.parametrize("clause", sorted(RULES))
def test_the_limits_of_requests_are_the_pages(clause: str) -> None:
    assert load("PutItems").clauses[clause].check == RULES[clause]


def test_every_clause_that_binds_the_caller_has_a_rule() -> None:
    clauses = load("PutItems").clauses.values()

    assert {clause.id for clause in clauses if clause.binds == "caller"} == set(RULES)


def test_the_errors_are_those_of_the_page() -> None:
    assert load("PutItems").errors == {
        "InvalidInputException": 400,
        "ResourceNotFoundException": 404,
        "ResourceInUseException": 409,
    }


def test_an_observed_clause_cannot_fail() -> None:
    clauses = load("PutItems").clauses.values()

    assert {clause.id for clause in clauses if not clause.can_fail} == set(OBSERVED)


@pytest.mark.parametrize(
    "change",
    [
        {"level": "guessed"},
        {"binds": "everybody"},
        {"refused": None},
        {"binds": "service"},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_a_malformed_clause_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"request\.x is not well-formed"):
        contract._clause({**ROW, **change})


def test_a_well_formed_clause_is_accepted() -> None:
    assert contract._clause(dict(ROW)).id == "request.x"


def test_an_unknown_operation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'DropItems'; there is one for .*PutItems"):
        load("DropItems")


def test_an_unknown_clause_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"did you mean .*request\.items\.max-members"):
        contract.known("request.items.max-member")


def test_the_contract_of_a_request_is_found_by_its_path() -> None:
    assert contract.at("/items") is load("PutItems")
    assert contract.at("/item") is None
