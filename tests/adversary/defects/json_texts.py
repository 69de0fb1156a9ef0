"""Invalid JSON bodies that are accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import yaml

from adversary.defects.mutant import Mutant, Mutants
from adversary.service import (
    Operation,
    right,
)


def _sloppily(change: Callable[[str], str]) -> Callable[[bytes], Any]:
    return lambda body: json.loads(change(body.decode("utf-8")))


def mutants(of: Operation) -> Mutants:
    def first_value(body: bytes) -> Any:
        return json.JSONDecoder().raw_decode(body.decode().lstrip())[0]

    def from_first_brace(body: bytes) -> Any:
        text = body.decode()
        return json.loads(text[max(text.find("{"), 0) :])

    def closed(body: bytes) -> Any:
        text = body.decode()
        for end in ("", "}", "]}", '"}]}'):
            try:
                return json.loads(text + end)
            except ValueError:
                continue
        raise ValueError

    readers: dict[str, Callable[[bytes], Any]] = {
        "ignores trailing text": first_value,
        "skips leading text": from_first_brace,
        "closes open brackets": closed,
        "takes single quotes": _sloppily(lambda text: text.replace("'", '"')),
        "takes a trailing comma": _sloppily(lambda text: re.sub(r",\s*([}\]])", r"\1", text)),
        "takes comments": _sloppily(lambda text: re.sub(r"/\*.*?\*/|//[^\n]*", "", text)),
        "takes a form feed": _sloppily(lambda text: text.replace("\f", " ")),
        "takes line breaks in strings": lambda body: json.loads(body.decode(), strict=False),
        "mends bytes that are not UTF-8": lambda body: json.loads(body.decode("utf-8", "replace")),
        "reads Latin-1": lambda body: json.loads(body.decode("latin-1")),
        "takes a trailing comma in a list": _sloppily(lambda t: re.sub(r",\s*\]", "]", t)),
        "takes a leading comma": _sloppily(lambda text: re.sub(r"\{\s*,", "{", text)),
        "takes two commas": _sloppily(lambda text: re.sub(r",\s*,", ",", text)),
        "takes a semicolon": _sloppily(lambda text: text.replace('; "', ', "')),
        "takes an equals sign": _sloppily(lambda text: text.replace('" = ', '": ')),
        "misses no comma": _sloppily(lambda text: re.sub(r'" "', '", "', text)),
        "takes a shell's comments": _sloppily(lambda text: re.sub(r" # tea$", "", text)),
        "takes a vertical tab": _sloppily(lambda text: text.replace("\v", " ")),
        "takes a no-break space": _sloppily(lambda text: text.replace("\xa0", " ")),
        "takes a line separator": _sloppily(lambda text: text.replace("\u2028", " ")),
        "ends at a NUL": _sloppily(lambda text: text.partition("\0")[0]),
        "takes a brace too many": _sloppily(lambda text: re.sub(r"\}\}$", "}", text)),
        "takes a TAB in a string": _sloppily(lambda text: text.replace("\t", " ")),
        "takes any escape": _sloppily(lambda text: text.replace("\\q", "q")),
        "takes a short escape": _sloppily(lambda text: text.replace('\\u12"', '\\u0012"')),
        "takes a number with a plus": _sloppily(lambda text: text.replace(": +1", ": 1")),
        "takes a number that begins with a dot": _sloppily(lambda t: t.replace(": .5", ": 0.5")),
        "takes a number that ends with a dot": _sloppily(lambda t: t.replace(": 1.}", ": 1}")),
        "skips brackets before": _sloppily(lambda text: text.removeprefix(")]}',\n")),
        "misses no comma in a list": _sloppily(lambda text: text.replace("} {", "}, {")),
        "takes a shell's comments in front": _sloppily(lambda t: re.sub("^#.*\n", "", t)),
        "reads YAML": _yaml,
        "takes hexadecimal numbers": _sloppily(lambda text: text.replace(": 0x1", ": 1")),
        "takes NULL": _sloppily(lambda text: text.replace(": NULL", ": null")),
        "takes None": _sloppily(lambda text: text.replace(": None", ": null")),
        "takes undefined": _sloppily(lambda text: text.replace(": undefined", ": null")),
        "takes nothing for an object": lambda body: json.loads(body.strip() or b"{}"),
        "reads the text in a text": lambda body: _twice(json.loads(body.decode())),
        "closes a list": lambda body: json.loads(re.sub(rb"}}$", b"}]}", body)),
        "takes an array of one body": lambda body: _only(json.loads(body.decode())),
        "takes names without quotes": _sloppily(
            lambda text: re.sub(r"([{,]\s*)([A-Za-z]+)\s*:", r'\1"\2":', text)
        ),
        "takes a number with a zero in front": _sloppily(
            lambda t: re.sub(r":\s*0+(\d)", r":\1", t)
        ),
    }
    for words, reads in readers.items():
        yield Mutant(f"JSON: {words}", "request.body.json-object", replace(right(of), reads=reads))


def _yaml(body: bytes) -> Any:
    try:
        return _object(yaml.safe_load(body))
    except yaml.YAMLError as error:
        raise ValueError from error


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _object(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise ValueError


def _twice(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] == "{" else value
