"""Checker, service and botocore's validator agree on all generated requests."""

import json
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from adversary.generated import MISTAKES, Mistake, batches
from adversary.service import operation
from helpers.command import ACTIVE
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import parse
from personalize_contract.service.core import respond
from personalize_contract.service.store import Store

MODEL = ServiceModel(Loader().load_service_model("personalize-events", "service-2"))
SHAPE: Any = MODEL.operation_model("PutItems").input_shape


def request(body: Any, *, ascii_only: bool = True) -> Request:
    sent = json.dumps(body, ensure_ascii=ascii_only).encode()
    return Request("POST", "http://localhost/items", {"content-type": "application/json"}, sent)


def clauses(of: Request) -> set[str]:
    return {violation.clause.id for violation in parse(of).violations}


def served(of: Request) -> tuple[int, dict[str, str | None]]:
    """Return the status, and the stored items."""
    store = Store()
    store.add_dataset(ACTIVE)
    status = respond(of, store).status
    items = store.items(ACTIVE)
    store.close()
    return status, items


def botocore_objects(body: Any) -> bool:
    return bool(ParamValidator().validate(body, SHAPE).has_errors())


@given(batches(), st.booleans())
def test_all_accept_a_valid_request(items: list[dict[str, str]], ascii_only: bool) -> None:
    body = {"datasetArn": ACTIVE, "items": items}
    sent = request(body, ascii_only=ascii_only)

    assert clauses(sent) == set()
    assert served(sent) == (200, {item["itemId"]: item.get("properties") for item in items})
    assert not botocore_objects(body)


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
@settings(max_examples=settings().max_examples // 4)
@given(st.data())
def test_all_reject_one_mistake(mistake: Mistake, data: st.DataObject) -> None:
    body: dict[str, Any] = {"datasetArn": ACTIVE, "items": data.draw(batches())}
    mistake.makes(body, data.draw(st.integers(0, 9)))
    sent = request(body)

    assert clauses(sent) == {mistake.clause}
    assert served(sent) == (400, {})
    assert botocore_objects(body) == mistake.botocore


def test_every_clause_about_members_has_a_mistake() -> None:
    rules = {rule.clause for rule in operation().rules if rule.at}

    assert {mistake.clause for mistake in MISTAKES.values()} == rules
