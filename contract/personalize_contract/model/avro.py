"""The schema of a dataset in the form that Personalize accepts: an Avro record, in JSON.

`properties` has a camel-case key for each field that is not a member of the request itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_contract.model import strict_json

_TYPES = ("null", "boolean", "int", "long", "float", "double", "string")

_TIMES = {"timestamp"}
"""Keys of fields that are members of the request under another name."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a schema.

    Args:
        types: the Avro types that its value may have.
        required: whether it must be present.
    """

    types: tuple[str, ...]
    required: bool

    def holds(self, value: Any) -> bool:
        """Return whether a JSON value fits this field."""
        return any(_is(value, kind) for kind in self.types)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a schema, by their keys in `properties`."""

    fields: Mapping[str, Field]

    def problem(self, value: Any, members: Collection[str]) -> str | None:
        """Return the first problem of a document; None if it fits the schema.

        Args:
            value: the JSON value of the document; anything but a dictionary is a problem.
            members: names of the request's own members, which no document holds.
        """
        fields = {k: f for k, f in self.fields.items() if k not in members and k not in _TIMES}
        if not isinstance(value, dict):
            return "it is not the JSON text of an object"
        for key, member in value.items():
            if key not in fields:
                return f"the schema has no field for the key {key[:40]!r}"
            if not fields[key].holds(member):
                return f"{key[:40]} is {_kind(member)}, not {' or '.join(fields[key].types)}"
        missing = [key for key, field in fields.items() if field.required and key not in value]
        return f"{missing[0]}, which the schema requires, is absent" if missing else None


def read(path: Path) -> Schema:
    """Read a schema file.

    Raises:
        ValueError: it can't be read, or is not a schema that Personalize accepts.
    """
    try:
        record = strict_json.loads(path.read_bytes())
        rows = {_camel_case(field["name"]): field for field in record["fields"]}
    except OSError as error:
        raise ValueError(f"schema: {path}: {error.strerror}") from None
    except (strict_json.NotJson, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"schema: {path} is not an Avro record in JSON ({error})") from None
    return Schema({key: _field(path, key, field) for key, field in rows.items()})


def _field(path: Path, key: str, field: Mapping[str, Any]) -> Field:
    declared = field.get("type")
    types = tuple(declared) if isinstance(declared, list) else (declared,)
    if not types or any(kind not in _TYPES for kind in types):
        raise ValueError(f"schema: {path}: the type of {key} must be one of {', '.join(_TYPES)}")
    return Field(types, required="null" not in types and "default" not in field)


def _camel_case(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    if isinstance(value, str):
        # The documentation of Item writes a number as a string: {"numberOfRatings": "12"}.
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind in ("float", "double") or isinstance(value, int)


def _number(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except strict_json.NotJson:
        return None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    return names.get(type(value), "a number")
