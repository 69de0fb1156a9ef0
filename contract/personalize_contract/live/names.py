"""Names of a run's resources, by which a later sweep recognises them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from personalize_contract import clock
from personalize_contract.model.datasets import PREFIX

_RUN = re.compile(re.escape(PREFIX) + r"\d{8}t\d{6}-[0-9a-f]{6}(?:-\d+)?")

_KEYS: Mapping[str, Mapping[str, str]] = {
    "ITEMS": {"ITEM_ID": "string"},
    "USERS": {"USER_ID": "string"},
    "ACTIONS": {"ACTION_ID": "string"},
    "INTERACTIONS": {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
    "ACTION_INTERACTIONS": {
        "USER_ID": "string",
        "ACTION_ID": "string",
        "EVENT_TYPE": "string",
        "TIMESTAMP": "long",
    },
}
"""The required fields of a schema, by type of dataset (Personalize, "Schemas")."""


def new_run() -> str:
    """Return a unique name for a run, with its start time in UTC."""
    moment = clock.now().strftime("%Y%m%dt%H%M%S")
    return f"{PREFIX}{moment}-{secrets.token_hex(3)}"


def is_ours(name: str) -> bool:
    """Return whether a schema or dataset group was created by a run, by the form of its name."""
    return _RUN.fullmatch(name) is not None


def schema(dataset_type: str, number: int) -> str:
    """Return an Avro schema for a dataset, with all fields of the schema with a lower number.

    A dataset's schema can only be replaced by one with additional fields.
    """
    optional = ["CATEGORY", *(f"MORE_{n}" for n in range(2, number + 1))]
    fields: list[dict[str, Any]] = [
        {"name": name, "type": kind} for name, kind in _KEYS[dataset_type].items()
    ]
    fields += [{"name": name, "type": ["null", "string"]} for name in optional]
    record = {
        "type": "record",
        "name": "".join(word.capitalize() for word in dataset_type.split("_")),
        "namespace": "com.amazonaws.personalize.schema",
        "fields": fields,
        "version": "1.0",
    }
    return json.dumps(record)
