"""The control plane of Personalize, as far as a dataset needs it: awsJson1.1, `AmazonPersonalize`.

Schemas, dataset groups and datasets can be made, described, listed and deleted, and a dataset's
schema replaced; nothing that costs anything is there. Source: the API reference of each
operation; what that leaves open is decided here (docs/fidelity.md).
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
"""The account that this stands in for: the one of AWS's own examples."""

QUOTAS = {"dataset-group": 5, "schema": 500}
"""How many there may be in a region (Personalize's quotas)."""

_TYPES = ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")
_NEEDS = {"ITEMS": "ITEM_ID", "USERS": "USER_ID"}
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]*")
_ARN = re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.+")
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]+)/")
_PAGE = 100


class ControlPlane:
    """Schemas, dataset groups and datasets of one account. Any thread may call it.

    Args:
        store: where the datasets that are made here can be put into.
        clock: what time it is; anything with `now()`.
        account: whose resources these are.
        in_use: the statuses of a dataset in which it takes no items.
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
        """Kinds of resources that end in CREATE FAILED when they are made."""
        self._store, self._clock, self._in_use = store, clock, in_use
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._region = REGION
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            "CreateSchema": self._create_schema,
            "DescribeSchema": lambda given: {"schema": self._described(given, "schema")},
            "ListSchemas": lambda given: self._listed(given, "schema", "schemas"),
            "DeleteSchema": self._delete_schema,
            "CreateDatasetGroup": self._create_dataset_group,
            "DescribeDatasetGroup": lambda given: {
                "datasetGroup": self._described(given, "dataset-group")
            },
            "ListDatasetGroups": lambda given: self._listed(
                given, "dataset-group", "datasetGroups"
            ),
            "DeleteDatasetGroup": self._delete_dataset_group,
            "CreateDataset": self._create_dataset,
            "DescribeDataset": lambda given: {"dataset": self._described(given, "dataset")},
            "ListDatasets": lambda given: self._listed(given, "dataset", "datasets"),
            "UpdateDataset": self._update_dataset,
            "DeleteDataset": self._delete_dataset,
            "CreateEventTracker": self._create_event_tracker,
            "DescribeEventTracker": lambda given: {
                "eventTracker": self._described(given, "event-tracker")
            },
            "ListEventTrackers": lambda given: self._listed(
                given, "event-tracker", "eventTrackers"
            ),
            "DeleteEventTracker": lambda given: self._delete(self._found(given, "event-tracker")),
        }

    def answer(self, request: Request) -> Response:
        """Answer a request whose `X-Amz-Target` names an operation of the control plane."""
        name = request.headers.get("x-amz-target", "").removeprefix("AmazonPersonalize.")
        if name not in self._operations:
            return error("UnknownOperationException", "")
        try:
            given = strict_json.loads(request.body)
        except strict_json.NotJson as why:
            return error("SerializationException", str(why))
        if not isinstance(given, dict):
            return error("SerializationException", "the body is not a JSON object")
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        with self._lock:
            self._region = scope[1] if scope else REGION
            self._settle()
            try:
                return response(200, self._operations[name](given))
            except Refused as refused:
                return error(refused.code, refused.message)
            finally:
                self._settle()

    def settle(self) -> None:
        """Bring the store up to this clock's time: what is active, in use or gone by now."""
        with self._lock:
            self._settle()

    def _settle(self) -> None:
        now, known = self._clock.now(), self._store.states()
        for arn, resource in list(self._resources.items()):
            gone = resource.status(now) == GONE
            if gone:
                del self._resources[arn]
            # What is written to a dataset, by its ARN, or to a tracker, by its id.
            name = resource.members.get("trackingId", arn if resource.kind == "dataset" else "")
            if not name:
                continue
            if gone:
                self._store.remove(name)
            elif known.get(name) != (state := resource.state(now, self._in_use)):
                self._store.add_dataset(name, state)

    # --- schemas

    def _create_schema(self, given: dict[str, Any]) -> dict[str, Any]:
        name = _name(given)
        _fields(_text(given, "schema", 20_000))
        members = {"name": name, "schema": given["schema"], **_only(given, "domain")}
        return {"schemaArn": self._made("schema", name, members)}

    def _delete_schema(self, given: dict[str, Any]) -> None:
        schema = self._found(given, "schema")
        for dataset in self._of("dataset"):
            used = [dataset.members["schemaArn"]]
            if dataset.status(self._clock.now()).startswith("UPDATE"):
                used.append(dataset.update["before"])
            if schema.arn in used:
                raise Refused("ResourceInUseException", f"{dataset.arn} uses the schema")
        del self._resources[schema.arn]

    # --- dataset groups

    def _create_dataset_group(self, given: dict[str, Any]) -> dict[str, Any]:
        name = _name(given)
        members = {"name": name, **_only(given, "domain")}
        return {"datasetGroupArn": self._made("dataset-group", name, members)} | _only(
            given, "domain"
        )

    def _delete_dataset_group(self, given: dict[str, Any]) -> None:
        group = self._found(given, "dataset-group")
        for kind in ("dataset", "event-tracker"):
            if any(one.members["datasetGroupArn"] == group.arn for one in self._of(kind)):
                raise Refused("ResourceInUseException", f"the dataset group has a {kind}")
        self._delete(group)

    # --- datasets

    def _create_dataset(self, given: dict[str, Any]) -> dict[str, Any]:
        name = _name(given)
        kind = _text(given, "datasetType", 256).upper()
        if kind not in _TYPES:
            raise Refused("InvalidInputException", f"datasetType is one of {', '.join(_TYPES)}")
        schema = self._found(given, "schema")
        group = self._found(given, "dataset-group")
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
        return {"datasetArn": self._made("dataset", f"{group.members['name']}/{kind}", members)}

    def _update_dataset(self, given: dict[str, Any]) -> dict[str, Any]:
        dataset, schema = self._found(given, "dataset"), self._found(given, "schema")
        now = self._clock.now()
        if dataset.members["datasetType"] not in _NEEDS:
            raise Refused("InvalidInputException", "only Items and Users can change their schema")
        if dataset.status(now) != ACTIVE:
            raise Refused("ResourceInUseException", f"the dataset is {dataset.status(now)}")
        before = self._resources[dataset.members["schemaArn"]]
        kept, new = (_fields(one.members["schema"]) for one in (before, schema))
        if any(new.get(name) != kind for name, kind in kept.items()):
            raise Refused(
                "InvalidInputException", "the new schema must keep all fields as they are"
            )
        dataset.members["schemaArn"] = schema.arn
        dataset.update = {"before": before.arn, "schemaArn": schema.arn, "began": now}
        dataset.begin("update", now)
        return {"datasetArn": dataset.arn}

    def _delete_dataset(self, given: dict[str, Any]) -> None:
        self._delete(self._found(given, "dataset"))

    # --- event trackers

    def _create_event_tracker(self, given: dict[str, Any]) -> dict[str, Any]:
        name, group = _name(given), self._found(given, "dataset-group")
        if any(one.members["datasetGroupArn"] == group.arn for one in self._of("event-tracker")):
            raise Refused("ResourceAlreadyExistsException", "the dataset group has a tracker")
        if group.status(self._clock.now()) != ACTIVE:
            raise Refused("ResourceInUseException", "the dataset group is not ACTIVE")
        members = {"name": name, "datasetGroupArn": group.arn, "trackingId": str(uuid.uuid4())}
        arn = self._made("event-tracker", uuid.uuid4().hex[:8], members)
        return {"eventTrackerArn": arn, "trackingId": members["trackingId"]}

    # --- what all of them share

    def _made(self, kind: str, name: str, members: dict[str, Any]) -> str:
        arn = f"arn:aws:personalize:{self._region}:{self.account}:{kind}/{name}"
        if arn in self._resources:
            raise Refused("ResourceAlreadyExistsException", f"{arn} already exists")
        if kind in QUOTAS and len(self._of(kind)) >= QUOTAS[kind]:
            raise Refused("LimitExceededException", f"there are {QUOTAS[kind]} {kind}s already")
        now = self._clock.now()
        resource = Resource(kind, arn, members, now)
        if kind != "schema":
            failed = kind in self.failing
            resource.begin("create", now, CREATE_FAILED if failed else ACTIVE)
            resource.reason = "it was told to fail" if failed else ""
        self._resources[arn] = resource
        return arn

    def _delete(self, resource: Resource) -> None:
        now = self._clock.now()
        if (status := resource.status(now)) not in (ACTIVE, CREATE_FAILED):
            raise Refused("ResourceInUseException", f"it is {status}")
        resource.begin("delete", now, GONE)

    def _of(self, kind: str) -> list[Resource]:
        """The resources of a kind in the region that is asked."""
        return [
            one
            for one in self._resources.values()
            if one.kind == kind and one.arn.split(":")[3] == self._region
        ]

    def _found(self, given: dict[str, Any], kind: str) -> Resource:
        member = _ARNS.get(kind, "datasetArn")
        arn = _text(given, member, 256)
        if not _ARN.fullmatch(arn):
            raise Refused("InvalidInputException", f"{member} is not an ARN of Personalize")
        found = self._resources.get(arn)
        if not found or found.kind != kind:
            raise Refused("ResourceNotFoundException", f"there is no {kind} {arn}")
        return found

    def _described(self, given: dict[str, Any], kind: str) -> dict[str, Any]:
        return self._shown(self._found(given, kind))

    def _shown(self, one: Resource) -> dict[str, Any]:
        now = self._clock.now()
        dates = {"creationDateTime": one.created, "lastUpdatedDateTime": one.changed(now)}
        shown = {_arn_of(one): one.arn, **one.members, **dates}
        if one.kind == "schema":
            return shown
        shown["status"] = status = one.status(now)
        if status == CREATE_FAILED and one.kind == "dataset-group":
            shown["failureReason"] = one.reason
        if one.update:
            # The reference gives a dataset no UPDATE status of its own, only this summary.
            updating = status.startswith("UPDATE")
            shown["status"] = ACTIVE if updating else status
            shown["latestDatasetUpdate"] = {
                "schemaArn": one.update["schemaArn"],
                "status": status if updating else ACTIVE,
                "creationDateTime": one.update["began"],
                "lastUpdatedDateTime": one.changed(now),
            }
        return shown

    def _listed(self, given: dict[str, Any], kind: str, member: str) -> dict[str, Any]:
        most = given.get("maxResults", _PAGE)
        if not isinstance(most, int) or not 1 <= most <= _PAGE:
            raise Refused("InvalidInputException", f"maxResults is from 1 to {_PAGE}")
        found: Iterable[Resource] = self._of(kind)
        if kind in ("dataset", "event-tracker") and "datasetGroupArn" in given:
            group = self._found(given, "dataset-group")
            found = [one for one in found if one.members["datasetGroupArn"] == group.arn]
        after = _token_read(given.get("nextToken"))
        rest = [one for one in sorted(found, key=lambda one: one.arn) if one.arn > after]
        page = [_summary(self._shown(one)) for one in rest[:most]]
        more = {"nextToken": _token(rest[most - 1].arn)} if len(rest) > most else {}
        return {member: page, **more}


_ARNS = {
    "schema": "schemaArn",
    "dataset-group": "datasetGroupArn",
    "dataset": "datasetArn",
    "event-tracker": "eventTrackerArn",
}
"""The member that holds the ARN of a resource, by its kind."""


def _arn_of(one: Resource) -> str:
    return _ARNS[one.kind]


def _summary(shown: dict[str, Any]) -> dict[str, Any]:
    """What lists show of a resource: not the schema, nor what a dataset is of."""
    left_out = {"schema", "latestDatasetUpdate"}
    if "datasetArn" in shown:
        left_out |= {"schemaArn", "datasetGroupArn"}
    return {name: value for name, value in shown.items() if name not in left_out}


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
        raise Refused("InvalidNextTokenException", "the token is not one that was given")
    return after


def _text(given: dict[str, Any], member: str, longest: int) -> str:
    value = given.get(member)
    if value is None:
        raise Refused("InvalidInputException", f"{member} is required")
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Refused("InvalidInputException", f"{member} has from 1 to {longest} characters")
    return value


def _name(given: dict[str, Any]) -> str:
    name = _text(given, "name", 63)
    if not _NAME.fullmatch(name):
        raise Refused("InvalidInputException", "name has letters, digits, - and _ only")
    return name


def _only(given: dict[str, Any], member: str) -> dict[str, Any]:
    return {member: given[member]} if given.get(member) is not None else {}


def _fields(schema: str) -> dict[str, Any]:
    """The fields of an Avro schema: name to type."""
    try:
        record = strict_json.loads(schema)
        return {field["name"]: field["type"] for field in record["fields"]}
    except (strict_json.NotJson, TypeError, KeyError):
        raise Refused("InvalidInputException", "schema is not an Avro record in JSON") from None


def _fits(fields: dict[str, Any], kind: str) -> None:
    if kind in _NEEDS and (fields.get(_NEEDS[kind]) != "string" or len(fields) < 2):
        raise Refused(
            "InvalidInputException",
            f"the schema of {kind} has the string {_NEEDS[kind]} and one more field at least",
        )
