"""A fake of Personalize's control plane (awsJson1.1, `AmazonPersonalize`), as far as datasets go.

Schemas, dataset groups, datasets and event trackers can be created, described, listed and deleted,
and a dataset's schema replaced; nothing that costs money is included. Source: the API reference of
each operation; the decisions where it is silent are in docs/fidelity.md.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

from personalize_contract.fake_account.aws_json import Rejected, error, response
from personalize_contract.fake_account.clock import Clock
from personalize_contract.fake_account.lifecycle import (
    ACTIVE,
    GONE,
    IN_USE,
)
from personalize_contract.fake_account.resources import (
    ACCOUNT,
    Resources,
    name_member,
    optional_member,
    text_member,
)
from personalize_contract.model import strict_json
from personalize_contract.model.datasets import REGION
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service.store import Store

_TYPES = ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")
_NEEDS = {"ITEMS": "ITEM_ID", "USERS": "USER_ID"}
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]+)/")


_Operation = Callable[[dict[str, Any]], dict[str, Any] | None]


class ControlPlane:
    """The schemas, dataset groups, datasets and trackers of one account. Thread-safe.

    Args:
        store: the store of the reference service, which takes the records of its datasets.
        clock: the time; anything with `now()`.
        account: the account id of the resources.
        in_use: the statuses in which a dataset accepts no items.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        account: str = ACCOUNT,
        in_use: frozenset[str] = IN_USE,
    ) -> None:
        self._store, self._clock, self._in_use = store, clock, in_use
        self._lock = threading.Lock()
        self.resources = Resources(clock, account)
        self._operations: dict[str, _Operation] = {
            "CreateSchema": self._create_schema,
            "DescribeSchema": self._describe("schema", "schema"),
            "ListSchemas": self._list("schema", "schemas"),
            "DeleteSchema": self._delete_schema,
            "CreateDatasetGroup": self._create_dataset_group,
            "DescribeDatasetGroup": self._describe("datasetGroup", "dataset-group"),
            "ListDatasetGroups": self._list("dataset-group", "datasetGroups"),
            "DeleteDatasetGroup": self._delete_dataset_group,
            "CreateDataset": self._create_dataset,
            "DescribeDataset": self._describe("dataset", "dataset"),
            "ListDatasets": self._list("dataset", "datasets"),
            "UpdateDataset": self._update_dataset,
            "DeleteDataset": self._delete_dataset,
            "CreateEventTracker": self._create_event_tracker,
            "DescribeEventTracker": self._describe("eventTracker", "event-tracker"),
            "ListEventTrackers": self._list("event-tracker", "eventTrackers"),
            "DeleteEventTracker": lambda params: self.resources.delete(
                self.resources.lookup(params, "event-tracker")
            ),
        }

    @property
    def account(self) -> str:
        """The account id of the resources."""
        return self.resources.account

    @property
    def failing(self) -> set[str]:
        """Kinds of resources whose creation ends in CREATE FAILED."""
        return self.resources.failing

    def answer(self, request: Request) -> Response:
        """Answer a request to the control plane; `X-Amz-Target` names its operation."""
        name = request.headers.get("x-amz-target", "").removeprefix("AmazonPersonalize.")
        if name not in self._operations:
            return error("UnknownOperationException", "")
        try:
            params = strict_json.loads(request.body)
        except strict_json.NotJson as why:
            return error("SerializationException", str(why))
        if not isinstance(params, dict):
            return error("SerializationException", "the body is not a JSON object")
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        with self._lock:
            self.resources.region = scope[1] if scope else REGION
            self._settle()
            try:
                return response(200, self._operations[name](params))
            except Rejected as rejected:
                return error(rejected.code, rejected.message)
            finally:
                self._settle()

    def _describe(self, member: str, kind: str) -> _Operation:
        return lambda params: {member: self.resources.described(params, kind)}

    def _list(self, kind: str, member: str) -> _Operation:
        return lambda params: self.resources.listed(params, kind, member)

    def now(self) -> float:
        """Seconds since 1970, on the clock of the control plane."""
        return self._clock.now()

    def settle(self) -> None:
        """Update the states in the store to the clock's time."""
        with self._lock:
            self._settle()

    def _settle(self) -> None:
        now, known = self._clock.now(), self._store.states()
        for arn, resource in list(self.resources.by_arn.items()):
            gone = resource.status(now) == GONE
            if gone:
                del self.resources.by_arn[arn]
            # Records are written to a dataset by its ARN, and to a tracker by its id.
            name = resource.members.get("trackingId", arn if resource.kind == "dataset" else "")
            if not name:
                continue
            if gone:
                self._store.remove(name)
            elif known.get(name) != (state := resource.state(now, self._in_use)):
                self._store.add_dataset(name, state)

    # --- schemas

    def _create_schema(self, params: dict[str, Any]) -> dict[str, Any]:
        name = name_member(params)
        _fields(text_member(params, "schema", 20_000))
        members = {"name": name, "schema": params["schema"], **optional_member(params, "domain")}
        return {"schemaArn": self.resources.create("schema", name, members)}

    def _delete_schema(self, params: dict[str, Any]) -> None:
        schema = self.resources.lookup(params, "schema")
        for dataset in self.resources.in_region("dataset"):
            used = [dataset.members["schemaArn"]]
            if dataset.status(self._clock.now()).startswith("UPDATE"):
                used.append(dataset.update["before"])
            if schema.arn in used:
                raise Rejected("ResourceInUseException", f"{dataset.arn} uses the schema")
        del self.resources.by_arn[schema.arn]

    # --- dataset groups

    def _create_dataset_group(self, params: dict[str, Any]) -> dict[str, Any]:
        name = name_member(params)
        members = {"name": name, **optional_member(params, "domain")}
        return {
            "datasetGroupArn": self.resources.create("dataset-group", name, members)
        } | optional_member(params, "domain")

    def _delete_dataset_group(self, params: dict[str, Any]) -> None:
        group = self.resources.lookup(params, "dataset-group")
        for kind in ("dataset", "event-tracker"):
            if any(
                child.members["datasetGroupArn"] == group.arn
                for child in self.resources.in_region(kind)
            ):
                raise Rejected("ResourceInUseException", f"the dataset group has a {kind}")
        self.resources.delete(group)

    # --- datasets

    def _create_dataset(self, params: dict[str, Any]) -> dict[str, Any]:
        name = name_member(params)
        kind = text_member(params, "datasetType", 256).upper()
        if kind not in _TYPES:
            raise Rejected(
                "InvalidInputException", f"datasetType must be one of {', '.join(_TYPES)}"
            )
        schema = self.resources.lookup(params, "schema")
        group = self.resources.lookup(params, "dataset-group")
        if group.status(self._clock.now()) != ACTIVE:
            raise Rejected("ResourceInUseException", "the dataset group is not ACTIVE")
        _fits(_fields(schema.members["schema"]), kind)
        members = {
            "name": name,
            "datasetGroupArn": group.arn,
            "datasetType": kind,
            "schemaArn": schema.arn,
            **({"trackingId": str(uuid.uuid4())} if kind == "ACTION_INTERACTIONS" else {}),
        }
        return {
            "datasetArn": self.resources.create(
                "dataset", f"{group.members['name']}/{kind}", members
            )
        }

    def _update_dataset(self, params: dict[str, Any]) -> dict[str, Any]:
        dataset, schema = (
            self.resources.lookup(params, "dataset"),
            self.resources.lookup(params, "schema"),
        )
        now = self._clock.now()
        if dataset.members["datasetType"] not in _NEEDS:
            raise Rejected("InvalidInputException", "only Items and Users can change their schema")
        if dataset.status(now) != ACTIVE:
            raise Rejected("ResourceInUseException", f"the dataset is {dataset.status(now)}")
        before = self.resources.by_arn[dataset.members["schemaArn"]]
        old, new = (_fields(version.members["schema"]) for version in (before, schema))
        if any(new.get(name) != kind for name, kind in old.items()):
            raise Rejected(
                "InvalidInputException", "the new schema must keep all fields as they are"
            )
        dataset.members["schemaArn"] = schema.arn
        dataset.update = {"before": before.arn, "schemaArn": schema.arn, "began": now}
        dataset.begin("update", now)
        return {"datasetArn": dataset.arn}

    def _delete_dataset(self, params: dict[str, Any]) -> None:
        self.resources.delete(self.resources.lookup(params, "dataset"))

    # --- event trackers

    def _create_event_tracker(self, params: dict[str, Any]) -> dict[str, Any]:
        name, group = name_member(params), self.resources.lookup(params, "dataset-group")
        trackers = self.resources.in_region("event-tracker")
        if any(tracker.members["datasetGroupArn"] == group.arn for tracker in trackers):
            raise Rejected("ResourceAlreadyExistsException", "the dataset group has a tracker")
        if group.status(self._clock.now()) != ACTIVE:
            raise Rejected("ResourceInUseException", "the dataset group is not ACTIVE")
        members = {"name": name, "datasetGroupArn": group.arn, "trackingId": str(uuid.uuid4())}
        arn = self.resources.create("event-tracker", uuid.uuid4().hex[:8], members)
        return {"eventTrackerArn": arn, "trackingId": members["trackingId"]}


def _fields(schema: str) -> dict[str, Any]:
    """Return the type of each field of an Avro schema."""
    try:
        record = strict_json.loads(schema)
        return {field["name"]: field["type"] for field in record["fields"]}
    except (strict_json.NotJson, TypeError, KeyError):
        raise Rejected("InvalidInputException", "schema is not an Avro record in JSON") from None


def _fits(fields: dict[str, Any], kind: str) -> None:
    if kind in _NEEDS and (fields.get(_NEEDS[kind]) != "string" or len(fields) < 2):
        raise Rejected(
            "InvalidInputException",
            f"the schema of {kind} needs the string {_NEEDS[kind]} and at least one more field",
        )
