"""`check`, in Python and as a command: the contract for requests without HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import botocore.client
import pytest

from personalize_contract import ContractBroken, UsageError, check, cli

ARN = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"


def call(count: int = 1) -> dict[str, Any]:
    return {"datasetArn": ARN, "items": [{"itemId": str(number)} for number in range(count)]}


def test_mock_checks_its_calls() -> None:
    def make_api_call(self: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        check(operation, arguments)
        return {}

    client = boto3.client(
        "personalize-events", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with mock.patch.object(botocore.client.BaseClient, "_make_api_call", make_api_call):
        client.put_items(**call())
        with pytest.raises(ContractBroken) as caught:
            client.put_items(**call(11))
    assert str(caught.value) == (
        "request.items.max-members is broken by this PutItems request\n"
        "  says:   items has at most 10 members. [Request Body: items]\n"
        "  found:  items: it has 11 members"
    )


def test_each_broken_clause_has_a_block() -> None:
    with pytest.raises(ContractBroken) as caught:
        check("PutItems", {"items": [{"itemId": ""}] * 11})
    first_lines = [block.partition("\n")[0] for block in str(caught.value).split("\n\n")]
    assert [line.partition(" ")[0] for line in first_lines] == [
        "request.dataset-arn.required",
        "request.items.max-members",
        *["request.item-id.min-length"] * 11,
    ]


def test_item_properties_are_never_shown() -> None:
    item = {"itemId": "a", "properties": ["SECRET-TEA"]}
    with pytest.raises(ContractBroken) as caught:
        check("PutItems", {"datasetArn": ARN, "items": [item]})
    assert "SECRET-TEA" not in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        ("PutTeas", {}, "no contract for the operation 'PutTeas'"),
        ("PutItems", {"items": {1, 2}}, "the arguments of PutItems are not JSON"),
    ],
)
def test_uncheckable_call_is_a_usage_error(
    operation: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check(operation, arguments)


COMMANDS = {
    "a good body": (json.dumps(call()), 0, "PutItems: no clause is broken"),
    "eleven items": (json.dumps(call(11)), 1, "PutItems: 1 clause broken"),
    "no JSON": ("{", 1, "request.body.json-object is broken by this PutItems request"),
    "a good exchange": (
        json.dumps({"request": call(), "response": {"status": 200}}),
        0,
        "PutItems: no clause is broken",
    ),
    "a body as text": (json.dumps({"request": json.dumps(call(11))}), 1, "1 clause broken"),
    "a wrong status": (
        json.dumps({"request": call(11), "response": {"status": 200}}),
        1,
        "request.items.max-members is broken by this response",
    ),
    "a success with a body": (
        json.dumps({"request": call(), "response": {"status": 200, "body": "{}"}}),
        1,
        "response.success.empty-body is broken by this response",
    ),
}


@pytest.mark.parametrize(("text", "status", "line"), COMMANDS.values(), ids=COMMANDS)
def test_command_prints_broken_clauses(
    text: str, status: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "request.json").write_text(text)
    assert cli.main(["check", str(tmp_path / "request.json")]) == status
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothere", None),
        (".", None),
        ("response.json", '{"request": {}, "response": 1}'),
        ("status.json", '{"request": {}, "response": {"status": "200"}}'),
    ],
)
def test_unreadable_input_exits_with_2(
    name: str, text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text:
        (tmp_path / name).write_text(text)
    assert cli.main(["check", str(tmp_path / name)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
