"""A fake of Personalize's control plane (awsJson1.1, `AmazonPersonalize`), as far as datasets go.

Schemas, dataset groups, datasets and event trackers can be created, described, listed and deleted,
and a dataset's schema replaced; nothing that costs money is included. Source: the API reference of
each operation; the decisions where it is silent are in docs/fidelity.md.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from personalize_contract.fake_account.aws_json import Refused, error, response
from personalize_contract.fake_account.clock import Clock
from personalize_contract.fake_account.lifecycle import (
    ACTIVE,
    CREATE_FAILED,
    GONE,
    IN_USE,
    Resource,
)
from personalize_contract.model import strict_json
from personalize_contract.model.datasets import REGION
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service.store import Store

ACCOUNT = "111122223333"
"""The account id: the one of AWS's own examples."""

QUOTAS = {"dataset-group": 5, "schema": 500}
"""Maximum number in a region (Personalize's quotas)."""

_TYPES = ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")
_NEEDS = {"ITEMS": "ITEM_ID", "USERS": "USER_ID"}
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]*")
_ARN = re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.+")
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]+)/")
_PAGE = 100


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
        self.account = account
        self.failing: set[str] = set()
        """Kinds of resources whose creation ends in CREATE FAILED."""
        self._store, self._clock, self._in_use = store, clock, in_use
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._region = REGION
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            "CreateSchema": self._create_schema,
            "DescribeSchema": lambda params: {"schema": self._described(params, "schema")},
            "ListSchemas": lambda params: self._listed(params, "schema", "schemas"),
            "DeleteSchema": self._delete_schema,
            "CreateDatasetGroup": self._create_dataset_group,
            "DescribeDatasetGroup": lambda params: {
                "datasetGroup": self._described(params, "dataset-group")
            },
            "ListDatasetGroups": lambda params: self._listed(
                params, "dataset-group", "datasetGroups"
            ),
            "DeleteDatasetGroup": self._delete_dataset_group,
            "CreateDataset": self._create_dataset,
            "DescribeDataset": lambda params: {"dataset": self._described(params, "dataset")},
            "ListDatasets": lambda params: self._listed(params, "dataset", "datasets"),
            "UpdateDataset": self._update_dataset,
            "DeleteDataset": self._delete_dataset,
            "CreateEventTracker": self._create_event_tracker,
            "DescribeEventTracker": lambda params: {
                "eventTracker": self._described(params, "event-tracker")
            },
            "ListEventTrackers": lambda params: self._listed(
                params, "event-tracker", "eventTrackers"
            ),
            "DeleteEventTracker": lambda params: self._delete(
                self._lookup(params, "event-tracker")
            ),
        }

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
            self._region = scope[1] if scope else REGION
            self._settle()
            try:
                return response(200, self._operations[name](params))
            except Refused as refused:
                return error(refused.code, refused.message)
            finally:
                self._settle()

    def settle(self) -> None:
        """Update the states in the store to the clock's time."""
        with self._lock:
            self._settle()

    def _settle(self) -> None:
        now, known = self._clock.now(), self._store.states()
        for arn, resource in list(self._resources.items()):
            gone = resource.status(now) == GONE
            if gone:
                del self._resources[arn]
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
        name = _name(params)
        _fields(_text(params, "schema", 20_000))
        members = {"name": name, "schema": params["schema"], **_only(params, "domain")}
        return {"schemaArn": self._create("schema", name, members)}

    def _delete_schema(self, params: dict[str, Any]) -> None:
        schema = self._lookup(params, "schema")
        for dataset in self._in_region("dataset"):
            used = [dataset.members["schemaArn"]]
            if dataset.status(self._clock.now()).startswith("UPDATE"):
                used.append(dataset.update["before"])
            if schema.arn in used:
                raise Refused("ResourceInUseException", f"{dataset.arn} uses the schema")
        del self._resources[schema.arn]

    # --- dataset groups

    def _create_dataset_group(self, params: dict[str, Any]) -> dict[str, Any]:
        name = _name(params)
        members = {"name": name, **_only(params, "domain")}
        return {"datasetGroupArn": self._create("dataset-group", name, members)} | _only(
            params, "domain"
        )

    def _delete_dataset_group(self, params: dict[str, Any]) -> None:
        group = self._lookup(params, "dataset-group")
        for kind in ("dataset", "event-tracker"):
            if any(
                child.members["datasetGroupArn"] == group.arn for child in self._in_region(kind)
            ):
                raise Refused("ResourceInUseException", f"the dataset group has a {kind}")
        self._delete(group)

    # --- datasets

    def _create_dataset(self, params: dict[str, Any]) -> dict[str, Any]:
        name = _name(params)
        kind = _text(params, "datasetType", 256).upper()
        if kind not in _TYPES:
            raise Refused(
                "InvalidInputException", f"datasetType must be one of {', '.join(_TYPES)}"
            )
        schema = self._lookup(params, "schema")
        group = self._lookup(params, "dataset-group")
        if group.status(self._clock.now()) != ACTIVE:
            raise Refused("ResourceInUseException", "the dataset group is not ACTIVE")
        _fits(_fields(schema.members["schema"]), kind)
        members = {
            "name": name,
            "datasetGroupArn": group.arn,
            "datasetType": kind,
            "schemaArn": schema.arn,
            **({"trackingId": str(uuid.uuid4())} if kind == "ACTION_INTERACTIONS" else {}),
        }
        return {"datasetArn": self._create("dataset", f"{group.members['name']}/{kind}", members)}

    def _update_dataset(self, params: dict[str, Any]) -> dict[str, Any]:
        dataset, schema = self._lookup(params, "dataset"), self._lookup(params, "schema")
        now = self._clock.now()
        if dataset.members["datasetType"] not in _NEEDS:
            raise Refused("InvalidInputException", "only Items and Users can change their schema")
        if dataset.status(now) != ACTIVE:
            raise Refused("ResourceInUseException", f"the dataset is {dataset.status(now)}")
        before = self._resources[dataset.members["schemaArn"]]
        old, new = (_fields(version.members["schema"]) for version in (before, schema))
        if any(new.get(name) != kind for name, kind in old.items()):
            raise Refused(
                "InvalidInputException", "the new schema must keep all fields as they are"
            )
        dataset.members["schemaArn"] = schema.arn
        dataset.update = {"before": before.arn, "schemaArn": schema.arn, "began": now}
        dataset.begin("update", now)
        return {"datasetArn": dataset.arn}

    def _delete_dataset(self, params: dict[str, Any]) -> None:
        self._delete(self._lookup(params, "dataset"))

    # --- event trackers

    def _create_event_tracker(self, params: dict[str, Any]) -> dict[str, Any]:
        name, group = _name(params), self._lookup(params, "dataset-group")
        trackers = self._in_region("event-tracker")
        if any(tracker.members["datasetGroupArn"] == group.arn for tracker in trackers):
            raise Refused("ResourceAlreadyExistsException", "the dataset group has a tracker")
        if group.status(self._clock.now()) != ACTIVE:
            raise Refused("ResourceInUseException", "the dataset group is not ACTIVE")
        members = {"name": name, "datasetGroupArn": group.arn, "trackingId": str(uuid.uuid4())}
        arn = self._create("event-tracker", uuid.uuid4().hex[:8], members)
        return {"eventTrackerArn": arn, "trackingId": members["trackingId"]}

    # --- all resources

    def _create(self, kind: str, name: str, members: dict[str, Any]) -> str:
        arn = f"arn:aws:personalize:{self._region}:{self.account}:{kind}/{name}"
        if arn in self._resources:
            raise Refused("ResourceAlreadyExistsException", f"{arn} already exists")
        if kind in QUOTAS and len(self._in_region(kind)) >= QUOTAS[kind]:
            raise Refused(
                "LimitExceededException", f"the quota of {QUOTAS[kind]} {kind}s is used up"
            )
        now = self._clock.now()
        resource = Resource(kind, arn, members, now)
        if kind != "schema":
            failed = kind in self.failing
            resource.begin("create", now, CREATE_FAILED if failed else ACTIVE)
            resource.reason = "made to fail" if failed else ""
        self._resources[arn] = resource
        return arn

    def _delete(self, resource: Resource) -> None:
        now = self._clock.now()
        if (status := resource.status(now)) not in (ACTIVE, CREATE_FAILED):
            raise Refused("ResourceInUseException", f"it is {status}")
        resource.begin("delete", now, GONE)

    def _in_region(self, kind: str) -> list[Resource]:
        """Return the resources of a kind in the request's region."""
        return [
            resource
            for resource in self._resources.values()
            if resource.kind == kind and resource.arn.split(":")[3] == self._region
        ]

    def _lookup(self, params: dict[str, Any], kind: str) -> Resource:
        member = _ARNS.get(kind, "datasetArn")
        arn = _text(params, member, 256)
        if not _ARN.fullmatch(arn):
            raise Refused("InvalidInputException", f"{member} is not a Personalize ARN")
        resource = self._resources.get(arn)
        if not resource or resource.kind != kind:
            raise Refused("ResourceNotFoundException", f"there is no {kind} {arn}")
        return resource

    def _described(self, params: dict[str, Any], kind: str) -> dict[str, Any]:
        return self._view(self._lookup(params, kind))

    def _view(self, resource: Resource) -> dict[str, Any]:
        now = self._clock.now()
        dates = {"creationDateTime": resource.created, "lastUpdatedDateTime": resource.changed(now)}
        view = {_arn_of(resource): resource.arn, **resource.members, **dates}
        if resource.kind == "schema":
            return view
        view["status"] = status = resource.status(now)
        if status == CREATE_FAILED and resource.kind == "dataset-group":
            view["failureReason"] = resource.reason
        if resource.update:
            # In the API reference a dataset has no UPDATE status itself, only this summary.
            updating = status.startswith("UPDATE")
            view["status"] = ACTIVE if updating else status
            view["latestDatasetUpdate"] = {
                "schemaArn": resource.update["schemaArn"],
                "status": status if updating else ACTIVE,
                "creationDateTime": resource.update["began"],
                "lastUpdatedDateTime": resource.changed(now),
            }
        return view

    def _listed(self, params: dict[str, Any], kind: str, member: str) -> dict[str, Any]:
        most = params.get("maxResults", _PAGE)
        if not isinstance(most, int) or not 1 <= most <= _PAGE:
            raise Refused("InvalidInputException", f"maxResults must be from 1 to {_PAGE}")
        resources: Iterable[Resource] = self._in_region(kind)
        if kind in ("dataset", "event-tracker") and "datasetGroupArn" in params:
            group = self._lookup(params, "dataset-group")
            resources = [
                child for child in resources if child.members["datasetGroupArn"] == group.arn
            ]
        after = _token_read(params.get("nextToken"))
        by_arn = sorted(resources, key=lambda resource: resource.arn)
        rest = [resource for resource in by_arn if resource.arn > after]
        page = [_summary(self._view(resource)) for resource in rest[:most]]
        more = {"nextToken": _token(rest[most - 1].arn)} if len(rest) > most else {}
        return {member: page, **more}


_ARNS = {
    "schema": "schemaArn",
    "dataset-group": "datasetGroupArn",
    "dataset": "datasetArn",
    "event-tracker": "eventTrackerArn",
}
"""The member that holds the ARN of each kind of resource."""


def _arn_of(resource: Resource) -> str:
    return _ARNS[resource.kind]


def _summary(view: dict[str, Any]) -> dict[str, Any]:
    """Return a resource as lists show it: without its schema and the group of a dataset."""
    left_out = {"schema", "latestDatasetUpdate"}
    if "datasetArn" in view:
        left_out |= {"schemaArn", "datasetGroupArn"}
    return {name: value for name, value in view.items() if name not in left_out}


def _token(arn: str) -> str:
    return base64.urlsafe_b64encode(arn.encode()).decode()


def _token_read(token: object) -> str:
    if token is None:
        return ""
    try:
        after = base64.urlsafe_b64decode(str(token)).decode()
    except (binascii.Error, ValueError):
        after = ""
    if not _ARN.fullmatch(after):
        raise Refused("InvalidNextTokenException", "the token is invalid")
    return after


def _text(params: dict[str, Any], member: str, longest: int) -> str:
    value = params.get(member)
    if value is None:
        raise Refused("InvalidInputException", f"{member} is required")
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Refused("InvalidInputException", f"{member} must have 1 to {longest} characters")
    return value


def _name(params: dict[str, Any]) -> str:
    name = _text(params, "name", 63)
    if not _NAME.fullmatch(name):
        raise Refused("InvalidInputException", "name may have letters, digits, - and _ only")
    return name


def _only(params: dict[str, Any], member: str) -> dict[str, Any]:
    return {member: params[member]} if params.get(member) is not None else {}


def _fields(schema: str) -> dict[str, Any]:
    """Return the type of each field of an Avro schema."""
    try:
        record = strict_json.loads(schema)
        return {field["name"]: field["type"] for field in record["fields"]}
    except (strict_json.NotJson, TypeError, KeyError):
        raise Refused("InvalidInputException", "schema is not an Avro record in JSON") from None


def _fits(fields: dict[str, Any], kind: str) -> None:
    if kind in _NEEDS and (fields.get(_NEEDS[kind]) != "string" or len(fields) < 2):
        raise Refused(
            "InvalidInputException",
            f"the schema of {kind} needs the string {_NEEDS[kind]} and at least one more field",
        )
