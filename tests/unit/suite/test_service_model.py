"""The contract against botocore's service model, and against its history."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import botocore
import pytest
import yaml

from helpers.command import environment, run
from personalize_contract.model.contract import load
from personalize_contract.model.provenance import model_digest, service_model
from personalize_contract.suite.service_model import differences

HISTORY: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).with_name("personalize-events.yaml")).read_text("utf-8")
)

THEN = {
    "1.18.10": ["PutItems: unknown to botocore 1.18.10"],
    "1.18.11": [
        "properties: at most 32000 here, 1024 in botocore 1.18.11",
        "properties: sensitive here, not sensitive in botocore 1.18.11",
        "ResourceInUseException: status 409, with a message here, unknown to botocore 1.18.11",
    ],
    "1.20.7": [
        "properties: at most 32000 here, 4096 in botocore 1.20.7",
        "properties: sensitive here, not sensitive in botocore 1.20.7",
    ],
    "1.20.91": [
        "properties: at most 32000 here, 24262 in botocore 1.20.91",
        "properties: sensitive here, not sensitive in botocore 1.20.91",
    ],
    "1.32.6": ["properties: at most 32000 here, 24262 in botocore 1.32.6"],
    "1.32.7": [],
}


@pytest.mark.parametrize("version", HISTORY)
def test_the_history_of_the_model_is_in_words(version: str) -> None:
    lines = differences(load("PutItems"), HISTORY[version], f"botocore {version}")

    assert lines == THEN[version]


def changed(*path: str, to: Any) -> dict[str, Any]:
    """Return today's model with one change; None removes the part."""
    model = deepcopy(HISTORY["1.32.7"])
    at = model
    for name in path[:-1]:
        at = at[name]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return model


def with_a_new_error() -> dict[str, Any]:
    model = changed("shapes", "ThrottlingException", to={"error": {"httpStatusCode": 429}})
    model["shapes"]["ThrottlingException"]["members"] = {}
    model["operations"]["PutItems"]["errors"].append({"shape": "ThrottlingException"})
    return model


CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "the method": (
        changed("operations", "PutItems", "http", "method", to="PUT"),
        ["PutItems: POST here, PUT in X 1"],
    ),
    "the path": (
        changed("operations", "PutItems", "http", "requestUri", to="/v2/items"),
        ["PutItems: /items here, /v2/items in X 1"],
    ),
    "an answer": (
        changed("operations", "PutItems", "output", to={"shape": "PutItemsResponse"}),
        ["PutItems: an empty answer here, the answer PutItemsResponse in X 1"],
    ),
    "a status": (
        changed("shapes", "ResourceInUseException", "error", "httpStatusCode", to=410),
        ["ResourceInUseException: status 409 here, 410 in X 1"],
    ),
    "an error without a message": (
        changed("shapes", "InvalidInputException", "members", to={}),
        ["InvalidInputException: with a message here, without a message in X 1"],
    ),
    "a required member": (
        changed("shapes", "Item", "required", to=["itemId", "properties"]),
        ["properties: optional here, required in X 1"],
    ),
    "an optional member": (
        changed("shapes", "Item", "required", to=None),
        ["itemId: required here, optional in X 1"],
    ),
    "a type": (
        changed("shapes", "ItemProperties", "type", to="map"),
        ["properties: a string here, a map in X 1"],
    ),
    "a minimum gone": (
        changed("shapes", "ItemList", "min", to=None),
        ["items: at least 1 here, without a minimum in X 1"],
    ),
    "a new minimum": (
        changed("shapes", "Arn", "min", to=20),
        ["datasetArn: without a minimum here, at least 20 in X 1"],
    ),
    "a maximum": (
        changed("shapes", "ItemList", "max", to=25),
        ["items: at most 10 here, 25 in X 1"],
    ),
    "a pattern": (
        changed("shapes", "Arn", "pattern", to="arn:.+"),
        [
            r"datasetArn: the pattern arn:([a-z\d-]+):personalize:.*:.*:.+ here, "
            "the pattern arn:.+ in X 1"
        ],
    ),
    "a new member": (
        changed("shapes", "Item", "members", "colour", to={"shape": "StringType"}),
        ["colour: unknown here, a string, at least 1, at most 256 in X 1"],
    ),
    "a member gone": (
        changed("shapes", "Item", "members", "properties", to=None),
        ["properties: a string, at least 1, at most 32000, sensitive here, unknown to X 1"],
    ),
    "a parameter in the URI": (
        changed(
            "shapes",
            "PutItemsRequest",
            "members",
            "mode",
            to={"shape": "StringType", "location": "querystring"},
        ),
        ["mode: unknown here, a string, at least 1, at most 256, in the querystring in X 1"],
    ),
    "a new error": (
        with_a_new_error(),
        ["ThrottlingException: unknown here, status 429 in X 1"],
    ),
}


@pytest.mark.parametrize(("model", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_model_is_in_words(model: dict[str, Any], expected: list[str]) -> None:
    assert differences(load("PutItems"), model, "X 1") == expected


def test_the_installed_botocore_agrees_with_the_contract() -> None:
    done = run("sdk")

    assert done.returncode == 0, done.stdout
    assert f"PutItems: the same in botocore {botocore.__version__}" in done.stdout.splitlines()


@pytest.fixture
def old_model(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which botocore has the service model of 1.20.91."""
    folder = tmp_path / "models" / "personalize-events" / "2018-03-22"
    folder.mkdir(parents=True)
    model = service_model()
    history = HISTORY["1.20.91"]
    mixed = {part: {**model[part], **history[part]} for part in history}
    (folder / "service-2.json").write_text(json.dumps({**model, **mixed}))
    return environment(AWS_DATA_PATH=str(tmp_path / "models"))


def test_a_different_model_exits_with_4(old_model: dict[str, str]) -> None:
    done = run("sdk", env=old_model)

    assert done.returncode == 4
    line = f"  properties: at most 32000 here, 24262 in botocore {botocore.__version__}"
    assert line in done.stdout.splitlines()


def test_a_run_reports_a_changed_model(old_model: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = run("verify", "--target=recorded", "--report", path, env=old_model)

    assert done.returncode == 0
    line = f"properties: at most 32000 here, 24262 in botocore {botocore.__version__}"
    assert line in done.stdout
    assert line in json.loads(path.read_text())["provenance"]["model_differs"]


def test_a_run_with_an_equal_model_reports_nothing(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = run("verify", "--target=recorded", "--report", path)

    assert "the SDK's model differs" not in done.stdout
    assert json.loads(path.read_text())["provenance"]["model_differs"] == []


def test_digest_follows_the_data_path(
    old_model: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = model_digest()
    monkeypatch.setenv("AWS_DATA_PATH", old_model["AWS_DATA_PATH"])
    assert model_digest() != digest
    monkeypatch.undo()
    assert model_digest() == digest
