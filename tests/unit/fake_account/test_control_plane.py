"""The fake account, judged by boto3: its clients, parsers and exceptions."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from helpers.command import run, serving
from helpers.stand_in import ACCOUNT, HandClock, StandIn

CREDENTIALS = {
    "aws_access_key_id": "personalize-contract",
    "aws_secret_access_key": "personalize-contract-dummy-secret",
}
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1})
START = dt.datetime(2026, 11, 23, 20, tzinfo=dt.UTC)


def client(service: str, url: str, region: str = "us-east-1") -> Any:
    return boto3.client(  # type: ignore[call-overload]  # the name of the service is not a literal
        service, region_name=region, endpoint_url=url, config=ONE_ATTEMPT, **CREDENTIALS
    )


def schema(*fields: str, key: str = "ITEM_ID") -> str:
    more = [{"name": name, "type": ["null", "string"]} for name in fields]
    return json.dumps(
        {"type": "record", "name": "Items", "fields": [{"name": key, "type": "string"}, *more]}
    )


class Plane:
    """A boto3 client of the fake account, and its clock."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.sdk = client("personalize", stand_in.url)
        self.events = client("personalize-events", stand_in.url)

    def later(self, seconds: float) -> None:
        self.stand_in.clock.time += seconds

    def schema(self, name: str = "tea", *fields: str) -> str:
        created = self.sdk.create_schema(name=name, schema=schema("CATEGORY", *fields))
        return str(created["schemaArn"])

    def group(self, name: str = "shop", *, active: bool = True) -> str:
        arn = str(self.sdk.create_dataset_group(name=name)["datasetGroupArn"])
        if active:
            self.later(45)
        return arn

    def dataset(self, *, active: bool = True) -> str:
        arn = str(
            self.sdk.create_dataset(
                name="items",
                schemaArn=self.schema(),
                datasetGroupArn=self.group(),
                datasetType="Items",
            )["datasetArn"]
        )
        if active:
            self.later(60)
        return arn

    def status(self, arn: str) -> str:
        return str(self.sdk.describe_dataset(datasetArn=arn)["dataset"]["status"])

    def put(self, arn: str) -> int:
        try:
            answer = self.events.put_items(datasetArn=arn, items=[{"itemId": "1"}])
        except ClientError as error:
            answer = error.response
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    def rejection(self, operation: str, **params: Any) -> str:
        """Return the error code of a call, checked against the exception class if there is one."""
        with pytest.raises(ClientError) as caught:
            getattr(self.sdk, operation)(**params)
        response = caught.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
        code = response["Error"]["Code"]
        assert type(caught.value).__name__ in (code, "ClientError")
        return code


@pytest.fixture
def plane() -> Iterator[Plane]:
    with StandIn(clock=HandClock(START.timestamp())).served() as stand_in:
        yield Plane(stand_in)


# --- identity


def test_sts_identifies_the_account(plane: Plane) -> None:
    sts = client("sts", plane.stand_in.url)
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    with pytest.raises(ClientError, match="InvalidAction"):
        sts.get_session_token()


# --- the lifecycle


def test_a_dataset_group_passes_through_the_documented_statuses(plane: Plane) -> None:
    arn = plane.group(active=False)
    assert arn == f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/shop"
    statuses = []
    for seconds in (0, 4, 1, 39, 1):
        plane.later(seconds)
        statuses.append(
            plane.sdk.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"]
        )
    assert statuses == [
        "CREATE PENDING",
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "CREATE IN_PROGRESS",
        "ACTIVE",
    ]
    plane.sdk.delete_dataset_group(datasetGroupArn=arn)
    group = plane.sdk.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert group["status"] == "DELETE PENDING"
    plane.later(40)
    assert (
        plane.rejection("describe_dataset_group", datasetGroupArn=arn)
        == "ResourceNotFoundException"
    )


def test_a_dataset_passes_through_the_documented_statuses(plane: Plane) -> None:
    arn = plane.dataset(active=False)
    assert arn == f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
    statuses = [plane.status(arn)]
    for seconds in (5, 55):
        plane.later(seconds)
        statuses.append(plane.status(arn))
    plane.sdk.delete_dataset(datasetArn=arn)
    for seconds in (0, 10):
        plane.later(seconds)
        statuses.append(plane.status(arn))
    plane.later(90)
    assert statuses == [
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "ACTIVE",
        "DELETE PENDING",
        "DELETE IN_PROGRESS",
    ]
    assert plane.rejection("describe_dataset", datasetArn=arn) == "ResourceNotFoundException"


def test_an_update_appears_in_its_summary_as_documented(plane: Plane) -> None:
    arn, new = plane.dataset(), plane.schema("more", "COLOUR")
    assert "latestDatasetUpdate" not in plane.sdk.describe_dataset(datasetArn=arn)["dataset"]
    plane.sdk.update_dataset(datasetArn=arn, schemaArn=new)
    statuses = []
    for seconds in (0, 5, 100):
        plane.later(seconds)
        dataset = plane.sdk.describe_dataset(datasetArn=arn)["dataset"]
        assert dataset["schemaArn"] == dataset["latestDatasetUpdate"]["schemaArn"] == new
        statuses.append((dataset["status"], dataset["latestDatasetUpdate"]["status"]))
    assert statuses == [
        ("ACTIVE", "UPDATE PENDING"),
        ("ACTIVE", "UPDATE IN_PROGRESS"),
        ("ACTIVE", "ACTIVE"),
    ]


@pytest.mark.parametrize("kind", ["dataset-group", "dataset"])
def test_a_creation_can_fail(plane: Plane, kind: str) -> None:
    plane.stand_in.plane.failing.add(kind)
    if kind == "dataset":
        arn = plane.dataset()
        assert plane.status(arn) == "CREATE FAILED"
        assert plane.put(arn) == 404
        plane.sdk.delete_dataset(datasetArn=arn)
    else:
        arn = plane.group()
        group = plane.sdk.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
        assert (group["status"], bool(group["failureReason"])) == ("CREATE FAILED", True)
        plane.sdk.delete_dataset_group(datasetGroupArn=arn)


def test_the_answer_to_a_put_depends_on_the_dataset_status(plane: Plane) -> None:
    arn = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
    results = [plane.put(arn)]
    plane.dataset(active=False)
    for seconds in (0, 5, 55):
        plane.later(seconds)
        results.append(plane.put(arn))
    plane.sdk.update_dataset(datasetArn=arn, schemaArn=plane.schema("more", "COLOUR"))
    for seconds in (0, 5, 100):
        plane.later(seconds)
        results.append(plane.put(arn))
    plane.sdk.delete_dataset(datasetArn=arn)
    for seconds in (0, 10, 90):
        plane.later(seconds)
        results.append(plane.put(arn))
    assert results == [404, 409, 409, 200, 409, 409, 200, 409, 409, 404]


def test_items_are_deleted_with_their_dataset(plane: Plane) -> None:
    arn = plane.dataset()
    plane.put(arn)
    assert plane.stand_in.store.items(arn) == {"1": None}
    plane.sdk.delete_dataset(datasetArn=arn)
    plane.later(100)
    plane.put(arn)
    assert plane.stand_in.store.items(arn) == {}


# --- errors


def test_nothing_is_created_twice(plane: Plane) -> None:
    dataset = plane.dataset()
    group = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/shop"
    tea = f"arn:aws:personalize:us-east-1:{ACCOUNT}:schema/tea"
    already = "ResourceAlreadyExistsException"
    assert plane.rejection("create_schema", name="tea", schema=schema("A")) == already
    assert plane.rejection("create_dataset_group", name="shop") == already
    again = {"schemaArn": tea, "datasetGroupArn": group, "datasetType": "ITEMS"}
    assert plane.rejection("create_dataset", name="other", **again) == already
    assert plane.status(dataset) == "ACTIVE"


def test_a_used_resource_is_not_deleted(plane: Plane) -> None:
    arn = plane.dataset(active=False)
    group = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/shop"
    tea = f"arn:aws:personalize:us-east-1:{ACCOUNT}:schema/tea"
    used = "ResourceInUseException"
    assert plane.rejection("delete_dataset", datasetArn=arn) == used
    plane.later(60)
    assert plane.rejection("delete_schema", schemaArn=tea) == used
    assert plane.rejection("delete_dataset_group", datasetGroupArn=group) == used
    plane.sdk.delete_dataset(datasetArn=arn)
    assert plane.rejection("delete_dataset", datasetArn=arn) == used
    assert plane.rejection("delete_dataset_group", datasetGroupArn=group) == used
    plane.later(100)
    plane.sdk.delete_schema(schemaArn=tea)
    plane.sdk.delete_dataset_group(datasetGroupArn=group)


def test_a_dataset_needs_an_active_group(plane: Plane) -> None:
    group = plane.group(active=False)
    arguments = {
        "name": "items",
        "schemaArn": plane.schema(),
        "datasetGroupArn": group,
        "datasetType": "ITEMS",
    }
    assert plane.rejection("create_dataset", **arguments) == "ResourceInUseException"


def test_an_update_keeps_all_fields_and_waits_for_the_previous_one(plane: Plane) -> None:
    arn, more = plane.dataset(), plane.schema("more", "COLOUR")
    fewer = plane.sdk.create_schema(name="fewer", schema=schema("COLOUR"))["schemaArn"]
    invalid = plane.rejection("update_dataset", datasetArn=arn, schemaArn=fewer)
    plane.sdk.update_dataset(datasetArn=arn, schemaArn=more)
    again = plane.rejection("update_dataset", datasetArn=arn, schemaArn=more)
    tea = f"arn:aws:personalize:us-east-1:{ACCOUNT}:schema/tea"
    before = plane.rejection("delete_schema", schemaArn=tea)
    assert [invalid, again, before] == ["InvalidInputException", *["ResourceInUseException"] * 2]
    plane.later(105)
    plane.sdk.delete_schema(schemaArn=tea)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_schema", {"name": "a b", "schema": schema("A")}),
        ("create_schema", {"name": "a" * 64, "schema": schema("A")}),
        ("create_schema", {"name": "a", "schema": "{}"}),
        ("create_schema", {"name": "a", "schema": "[]"}),
        ("create_schema", {"name": "a", "schema": "tea"}),
        ("create_schema", {"name": "a", "schema": schema("A" * 20_000)}),
        ("create_dataset_group", {"name": "-a"}),
        ("describe_schema", {"schemaArn": "tea"}),
        ("list_schemas", {"maxResults": 101}),
    ],
    ids=str,
)
def test_invalid_input_is_rejected(plane: Plane, operation: str, arguments: dict[str, Any]) -> None:
    assert plane.rejection(operation, **arguments) == "InvalidInputException"


def test_a_schema_must_fit_the_type_of_its_dataset(plane: Plane) -> None:
    users = plane.sdk.create_schema(name="users", schema=schema("A", key="USER_ID"))["schemaArn"]
    rest = {"name": "items", "schemaArn": users, "datasetGroupArn": plane.group()}
    for kind in ("ITEMS", "tea"):
        code = plane.rejection("create_dataset", datasetType=kind, **rest)
        assert code == "InvalidInputException"
    created = plane.sdk.create_dataset(datasetType="users", **rest)
    assert created["datasetArn"].endswith("dataset/shop/USERS")


@pytest.mark.parametrize(
    "operation", ["describe_schema", "delete_schema", "describe_dataset", "delete_dataset"]
)
def test_a_missing_resource_is_not_found(plane: Plane, operation: str) -> None:
    kind = operation.partition("_")[2]
    arn = f"arn:aws:personalize:us-east-1:{ACCOUNT}:{kind}/none"
    assert plane.rejection(operation, **{f"{kind}Arn": arn}) == "ResourceNotFoundException"


def test_a_region_has_at_most_five_dataset_groups(plane: Plane) -> None:
    for number in range(5):
        plane.group(f"shop-{number}")
    assert plane.rejection("create_dataset_group", name="one-more") == "LimitExceededException"
    elsewhere = client("personalize", plane.stand_in.url, "eu-west-1")
    assert ":eu-west-1:" in elsewhere.create_dataset_group(name="one-more")["datasetGroupArn"]
    assert len(elsewhere.list_dataset_groups()["datasetGroups"]) == 1


def test_a_region_has_at_most_five_hundred_schemas(plane: Plane) -> None:
    for number in range(500):
        plane.schema(f"tea-{number}")
    code = plane.rejection("create_schema", name="one-more", schema=schema("A"))
    assert code == "LimitExceededException"


# --- lists


def test_lists_are_paginated(plane: Plane) -> None:
    arns = [plane.schema(f"tea-{number}") for number in range(7)]
    pages = plane.sdk.get_paginator("list_schemas").paginate(PaginationConfig={"PageSize": 3})
    listed = [[schema["schemaArn"] for schema in page["schemas"]] for page in pages]
    assert listed == [arns[:3], arns[3:6], arns[6:]]
    assert plane.rejection("list_schemas", nextToken="tea") == "InvalidNextTokenException"


def test_datasets_are_listed_by_group(plane: Plane) -> None:
    arn = plane.dataset()
    other = plane.group("other")
    group = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/shop"
    datasets = plane.sdk.list_datasets(datasetGroupArn=group)["datasets"]
    assert [dataset["datasetArn"] for dataset in datasets] == [arn]
    assert plane.sdk.list_datasets(datasetGroupArn=other)["datasets"] == []


# --- the wire


def test_descriptions_match_the_service_model(plane: Plane) -> None:
    arn = plane.dataset()
    plane.sdk.update_dataset(datasetArn=arn, schemaArn=plane.schema("more", "COLOUR"))
    group = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset-group/shop"
    shapes = Loader().load_service_model("personalize", "service-2")["shapes"]
    shown = {
        "Dataset": plane.sdk.describe_dataset(datasetArn=arn)["dataset"],
        "DatasetGroup": plane.sdk.describe_dataset_group(datasetGroupArn=group)["datasetGroup"],
        "DatasetSchema": plane.sdk.describe_schema(
            schemaArn=f"arn:aws:personalize:us-east-1:{ACCOUNT}:schema/tea"
        )["schema"],
        "DatasetSummary": plane.sdk.list_datasets()["datasets"][0],
        "DatasetGroupSummary": plane.sdk.list_dataset_groups()["datasetGroups"][0],
        "DatasetSchemaSummary": plane.sdk.list_schemas()["schemas"][0],
    }
    sent: Any = {
        "Dataset": ("DescribeDataset", {"datasetArn": arn}, ("dataset",)),
        "DatasetSummary": ("ListDatasets", {}, ("datasets", 0)),
        "DatasetGroupSummary": ("ListDatasetGroups", {}, ("datasetGroups", 0)),
        "DatasetSchemaSummary": ("ListSchemas", {}, ("schemas", 0)),
    }
    for shape, members in shown.items():
        dates = [value for value in members.values() if isinstance(value, dt.datetime)]
        assert len(dates) == 2, shape
        assert all(START <= date < START + dt.timedelta(hours=1) for date in dates)
    for shape, (operation, body, path) in sent.items():
        value: Any = raw(plane, operation, json.dumps(body))
        for step in path:
            value = value[step]
        # botocore drops unknown members, so this inspects the raw response.
        assert set(value) <= set(shapes[shape]["members"]), shape


def raw(plane: Plane, operation: str, body: str) -> Any:
    import requests

    headers = {"x-amz-target": f"AmazonPersonalize.{operation}"}
    return requests.post(plane.stand_in.url, body, headers=headers, timeout=60).json()


def test_malformed_json_and_unknown_operations_are_400(plane: Plane) -> None:
    assert raw(plane, "ListSchemas", "{")["__type"] == "SerializationException"
    assert raw(plane, "ListSchemas", "[]")["__type"] == "SerializationException"
    assert raw(plane, "CreateCampaign", "{}")["__type"] == "UnknownOperationException"


# --- as a process


def test_serve_fakes_an_account_on_a_fast_clock() -> None:
    with serving("--control-plane", "--clock-speed=100000", "--check-signatures") as url:
        assert client("sts", url).get_caller_identity()["Account"] == ACCOUNT
        plane = client("personalize", url)
        arn = plane.create_dataset_group(name="shop")["datasetGroupArn"]
        schema_arn = plane.create_schema(name="tea", schema=schema("A"))["schemaArn"]
        # Here, 45 seconds take less than half a millisecond.
        dataset = plane.create_dataset(
            name="items", schemaArn=schema_arn, datasetGroupArn=arn, datasetType="ITEMS"
        )["datasetArn"]
        answer = client("personalize-events", url).put_items(
            datasetArn=dataset, items=[{"itemId": "1"}]
        )
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("service", ["personalize", "sts"])
def test_signatures_are_checked_for_all_services(service: str) -> None:
    with serving("--control-plane", "--check-signatures") as url:
        stranger = boto3.client(  # type: ignore[call-overload]
            service,
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="tea",
            aws_secret_access_key="tea",
        )
        with pytest.raises(ClientError) as caught:
            stranger.get_caller_identity() if service == "sts" else stranger.list_schemas()
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--control-plane", "--store=items.db"], "leave out --store"),
        (["--control-plane", "--clock-speed=0"], "--clock-speed must be above 0"),
        (["--clock-speed=2"], "needs --control-plane"),
    ],
)
def test_a_usage_error_of_serve_is_one_line(arguments: list[str], problem: str) -> None:
    done = run("serve", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
