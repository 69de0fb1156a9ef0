"""Contract files: finding them, and merging in the shared texts that they include.

A file holds the texts of its own operation, and includes others from `contracts/shared/`:

- `like` names the included texts; `words` replace `<word>` in them;
- `members` has a row for each member of the request, with its rules;
- `clauses` has the clauses about whole messages and answers;
- `suite` is for the suite only: requests and expectations, written down independently.

A folder of a downstream repo has files of the same format. A file with `tightens: PutItems` adds
rules to a shipped contract; any other file adds an operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from personalize_contract.errors import UsageError

DEFAULT = "PutItems"
"""The operation that this project began with, and the default where none is named."""

_Cached = TypeVar("_Cached")

_WORD = re.compile(r"<([A-Za-z][\w-]*)>")
_LISTS = ("members", "clauses")
_OPERATION = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True)
class ContractFile:
    """A contract file.

    Args:
        path: the file, for messages.
        text: its YAML text.
        own: its own content.
        document: its content merged with the shared texts.
    """

    path: Path
    text: str
    own: Mapping[str, Any]
    document: Mapping[str, Any]

    def error(self, reason: str, *place: str | int) -> UsageError:
        """Return an error that points at a place in the file."""
        return UsageError(f"{self.path}:{_line(self.text, place)}: {reason}")


_folder: Path | None = None
_forgetful: list[Callable[[], None]] = []


def forgets(function: _Cached) -> _Cached:
    """Decorate a cached function: its cache is cleared when the folder of contracts changes."""
    _forgetful.append(function.cache_clear)  # type: ignore[attr-defined]
    return function


def use(folder: Path | None) -> None:
    """Also read the contract files of a folder, besides the shipped ones.

    Raises:
        UsageError: there is no such folder.
    """
    global _folder
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name one that holds *.yaml files")
    if folder != _folder:
        _folder = folder
        for forget in _forgetful:
            forget()


def folder() -> Path | None:
    """Return the folder of contract files in use besides the shipped ones."""
    return _folder


@forgets
@cache
def operations() -> tuple[str, ...]:
    """Return the operations that have a contract, the default one first."""
    names = [*_shipped(), *(own for own in _own() if "tightens" not in _own()[own].document)]
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


@forgets
@cache
def read(operation: str) -> ContractFile:
    """Return the contract file of an operation: the shipped one, or one of the folder in use.

    Raises:
        UsageError: there is none, or it can't be read; the message gives place and reason.
    """
    if operation in _shipped():
        path = files("personalize_contract") / "contracts" / f"{operation}.yaml"
        return _file(Path(str(path)), path.read_text("utf-8"))
    if operation in operations():
        return _own()[operation]
    known = ", ".join(operations())
    raise UsageError(f"no contract for the operation {operation!r}; there is one for {known}")


def tightened(operation: str) -> Iterator[ContractFile]:
    """Yield the files of the folder in use that add rules to an operation."""
    for own in _own().values():
        if own.document.get("tightens") == operation:
            yield own


@cache
def _shipped() -> tuple[str, ...]:
    names = (file.name for file in (files("personalize_contract") / "contracts").iterdir())
    return tuple(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


@forgets
@cache
def _own() -> Mapping[str, ContractFile]:
    """Return the files of the folder in use, by operation or, where they tighten one, by name."""
    own: dict[str, ContractFile] = {}
    for path in sorted(_folder.glob("*.yaml")) if _folder else ():
        file = _file(path, path.read_text("utf-8"))
        document = file.document
        if "tightens" in document:
            if document["tightens"] not in _shipped():
                known = ", ".join(_shipped())
                raise file.error(f"tightens must name one of {known}", "tightens")
        elif document.get("operation") != path.stem or not _OPERATION.fullmatch(path.stem):
            raise file.error(f"operation must be {path.stem}, like the name of the file")
        elif path.stem in _shipped():
            raise file.error(f"{path.stem} has a contract already; begin with `tightens:` instead")
        own[path.stem] = file
    return own


def _file(path: Path, text: str) -> ContractFile:
    document = _parsed(path, text)
    if not isinstance(document, dict) or not all(
        isinstance(document.get(name, []), list) for name in ("like", *_LISTS)
    ):
        raise UsageError(f"{path}:1: a contract file must be a mapping, like the shipped ones")
    try:
        return ContractFile(path, text, document, _whole(document, {}))
    except _Malformed as why:
        file = ContractFile(path, text, document, {})
        raise file.error(str(why), "like" if "like" in document else "words") from None


class _Malformed(ValueError):
    """A file and its shared texts don't fit together; the message gives the reason."""


def _parsed(path: Path, text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise UsageError(f"{path}:{line}: {problem}") from error


def _whole(document: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Merge a document with its shared texts: its own keys win, its list entries come last."""
    own = dict(document)
    words = {**_worded(own.pop("words", {}), words), **words}
    whole: dict[str, Any] = {"errors": {}, **{name: [] for name in _LISTS}}
    for name in own.pop("like", ()):
        _add(whole, _whole(_shared(name), words))
    _add(whole, _worded(own, words))
    return whole


def _add(whole: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if name in _LISTS and isinstance(value, list):
            whole[name] = [*whole[name], *value]
        elif name == "errors" and isinstance(value, dict):
            whole[name] = {**whole[name], **value}
        else:
            whole[name] = value


@cache
def _shared(name: str) -> dict[str, Any]:
    path = files("personalize_contract") / "contracts" / "shared" / f"{name}.yaml"
    if not isinstance(name, str) or not path.is_file():
        raise _Malformed(f"like: there is no shared text {name!r}")
    document: dict[str, Any] = _parsed(Path(str(path)), path.read_text("utf-8"))
    return document


def _worded(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_worded(name, words): _worded(member, words) for name, member in value.items()}
    if isinstance(value, list):
        return [_worded(member, words) for member in value]
    if not isinstance(value, str):
        return value
    if (only := _WORD.fullmatch(value)) and only[1] in words:
        return words[only[1]]  # a number stays one
    return _WORD.sub(lambda match: _word(match[1], words), value)


def _word(name: str, words: Mapping[str, str]) -> str:
    if name not in words:
        raise _Malformed(f"words: a shared text needs a value for {name!r}")
    return str(words[name])


def _line(text: str, place: Sequence[str | int]) -> int:
    """Return the line at which a place begins in a YAML text; its parent's if it is absent."""
    import yaml

    node = yaml.compose(text, yaml.SafeLoader)
    line = 1
    for step in place:
        children: Mapping[str | int, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            children = {key.value: value for key, value in node.value}
            keys = {key.value: key for key, _ in node.value}
            if step in keys:
                line = keys[step].start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
            if step in children:
                line = children[step].start_mark.line + 1
        if step not in children:
            break
        node = children[step]
    return line
