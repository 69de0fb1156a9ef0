"""The resources of the fake account: created within quotas, looked up, described and listed.

Any kind of resource is here; the rules of each kind are in `control_plane`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from personalize_contract.fake_account.aws_json import Rejected
from personalize_contract.fake_account.clock import Clock
from personalize_contract.fake_account.lifecycle import ACTIVE, CREATE_FAILED, GONE, Resource
from personalize_contract.model.datasets import REGION

ACCOUNT = "111122223333"
"""The account id: the one of AWS's own examples."""

QUOTAS = {"dataset-group": 5, "schema": 500}
"""Maximum number in a region (Personalize's quotas)."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]*")
_ARN = re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.+")
_PAGE = 100
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
        raise Rejected("InvalidNextTokenException", "the token is invalid")
    return after


def text_member(params: dict[str, Any], member: str, longest: int) -> str:
    """Return a required text among the parameters of a call."""
    value = params.get(member)
    if value is None:
        raise Rejected("InvalidInputException", f"{member} is required")
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Rejected("InvalidInputException", f"{member} must have 1 to {longest} characters")
    return value


def name_member(params: dict[str, Any]) -> str:
    """Return the name among the parameters of a call that creates something."""
    name = text_member(params, "name", 63)
    if not _NAME.fullmatch(name):
        raise Rejected("InvalidInputException", "name may have letters, digits, - and _ only")
    return name


def optional_member(params: dict[str, Any], member: str) -> dict[str, Any]:
    """Return a parameter under its name; nothing if it isn't set."""
    return {member: params[member]} if params.get(member) is not None else {}


class Resources:
    """The resources of one account, in every region. Not for several threads at once.

    Args:
        clock: the time; anything with `now()`.
        account: the account id of the resources.
    """

    def __init__(self, clock: Clock, account: str) -> None:
        self.account, self.region = account, REGION
        self.failing: set[str] = set()
        """Kinds of resources whose creation ends in CREATE FAILED."""
        self._clock = clock
        self.by_arn: dict[str, Resource] = {}

    def create(self, kind: str, name: str, members: dict[str, Any]) -> str:
        """Create a resource in the request's region, and return its ARN."""
        arn = f"arn:aws:personalize:{self.region}:{self.account}:{kind}/{name}"
        if arn in self.by_arn:
            raise Rejected("ResourceAlreadyExistsException", f"{arn} already exists")
        if kind in QUOTAS and len(self.in_region(kind)) >= QUOTAS[kind]:
            raise Rejected(
                "LimitExceededException", f"the quota of {QUOTAS[kind]} {kind}s is used up"
            )
        now = self._clock.now()
        resource = Resource(kind, arn, members, now)
        if kind != "schema":
            failed = kind in self.failing
            resource.begin("create", now, CREATE_FAILED if failed else ACTIVE)
            resource.reason = "made to fail" if failed else ""
        self.by_arn[arn] = resource
        return arn

    def delete(self, resource: Resource) -> None:
        """Begin to delete a resource."""
        now = self._clock.now()
        if (status := resource.status(now)) not in (ACTIVE, CREATE_FAILED):
            raise Rejected("ResourceInUseException", f"it is {status}")
        resource.begin("delete", now, GONE)

    def in_region(self, kind: str) -> list[Resource]:
        """Return the resources of a kind in the request's region."""
        return [
            resource
            for resource in self.by_arn.values()
            if resource.kind == kind and resource.arn.split(":")[3] == self.region
        ]

    def lookup(self, params: dict[str, Any], kind: str) -> Resource:
        """Return the resource whose ARN is among the parameters of a call."""
        member = _ARNS.get(kind, "datasetArn")
        arn = text_member(params, member, 256)
        if not _ARN.fullmatch(arn):
            raise Rejected("InvalidInputException", f"{member} is not a Personalize ARN")
        resource = self.by_arn.get(arn)
        if not resource or resource.kind != kind:
            raise Rejected("ResourceNotFoundException", f"there is no {kind} {arn}")
        return resource

    def described(self, params: dict[str, Any], kind: str) -> dict[str, Any]:
        """Return the description of the resource that a call names."""
        return self._view(self.lookup(params, kind))

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

    def listed(self, params: dict[str, Any], kind: str, member: str) -> dict[str, Any]:
        """Return a page of the resources of a kind, under this member."""
        most = params.get("maxResults", _PAGE)
        if not isinstance(most, int) or not 1 <= most <= _PAGE:
            raise Rejected("InvalidInputException", f"maxResults must be from 1 to {_PAGE}")
        resources: Iterable[Resource] = self.in_region(kind)
        if kind in ("dataset", "event-tracker") and "datasetGroupArn" in params:
            group = self.lookup(params, "dataset-group")
            resources = [
                child for child in resources if child.members["datasetGroupArn"] == group.arn
            ]
        after = _token_read(params.get("nextToken"))
        by_arn = sorted(resources, key=lambda resource: resource.arn)
        rest = [resource for resource in by_arn if resource.arn > after]
        page = [_summary(self._view(resource)) for resource in rest[:most]]
        more = {"nextToken": _token(rest[most - 1].arn)} if len(rest) > most else {}
        return {member: page, **more}
