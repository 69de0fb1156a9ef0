"""The settings of a run, read from the options and ini keys of pytest.

Every pytest run loads this module where the package is installed, so it imports nothing expensive.

An option overrides its ini key. `target`, `record`, `record_missing` and `verify` are resolved
together: if any of them is on the command line, the ini keys of all four are ignored. The mark's
lists `ignore` and `redact` are added to those of the ini file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.plugin.options import SELECTORS, spelled
from personalize_contract.settings import (
    FAIL_ON,
    LIVE_IDS,
    Settings,
    account,
    checked,
    endpoint_url,
)

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.model.datasets import State

_CHECKS = ("marked", "all")


def read(config: pytest.Config) -> Settings:
    """Return the settings of this run.

    Raises:
        UsageError: an option or ini key is invalid.
    """

    def ini(name: str) -> str:
        return str(config.getini(f"personalize_{name}") or "").strip()

    def option(name: str) -> str:
        return str(config.getoption(f"personalize_{name}") or "").strip()

    def listed(name: str) -> tuple[str, ...]:
        values = config.getini(f"personalize_{name}")
        return tuple(value.strip() for value in values if value.strip())

    def value(name: str) -> str | None:
        return option(name) or ini(name) or None

    def source(name: str) -> str:
        return spelled(name) if option(name) else f"personalize_{name}"

    def on(name: str) -> bool:
        return config.getoption(f"personalize_{name}") or _is_on(config, f"personalize_{name}")

    def choice(name: str, allowed: tuple[str, ...]) -> str:
        if (value := ini(name) or allowed[0]) not in allowed:
            raise UsageError(f"personalize_{name} = {value}: it must be {' or '.join(allowed)}")
        return value

    target, selector = _target_and_selector(option, ini)

    def folder(name: str) -> Path | None:
        base = config.inipath.parent if config.inipath else config.rootpath
        return base / ini(name) if ini(name) else None

    return Settings(
        target=target,
        record=selector == "record",
        record_missing=selector == "record_missing",
        verify=selector == "verify",
        datasets=_datasets(
            [arn for arn in config.getoption("personalize_dataset") or () if arn.strip()],
            listed("dataset"),
        ),
        region=value("region"),
        endpoint_url=checked(source("endpoint_url"), endpoint_url, value("endpoint_url")),
        account=checked(source("account"), account, value("account")),
        write_to_existing=on("write_to_existing"),
        strict=on("strict"),
        cassettes=folder("cassettes"),
        fail_on=_fail_on(listed("fail_on"), ini("max_age")),
        max_age=_days(ini("max_age")),
        contracts=_contracts(folder("contracts"), config),
        ignore=_members("ignore", listed("ignore")),
        redact=_members("redact", listed("redact")),
        placeholders=listed("placeholders"),
        keep=_keep(listed("keep")),
        allowed_hosts=listed("allowed_hosts"),
        no_advice=_advice(listed("no_advice")),
        operation=option("operation") or Settings().operation,
        check=choice("check", _CHECKS),
        live_ids=choice("live_ids", LIVE_IDS),
        option_prefix="--personalize-",
    )


def _is_on(config: pytest.Config, key: str) -> bool:
    """Return whether an ini key is true; one without a value is false, though pytest refuses it."""
    try:
        return bool(config.getini(key))
    except (ValueError, pytest.UsageError) as error:  # the latter since pytest 9
        # "invalid truth value ''": the value itself can't be read without a warning.
        if str(error).endswith("''"):
            return False
        raise UsageError(f"{key}: {error}; it must be true or false") from None


def _target_and_selector(
    option: Callable[[str], str], ini: Callable[[str], str]
) -> tuple[str, str]:
    """Return the target and the option that selects it: the command line's, or the ini file's."""
    assignment: Callable[[str], str]
    for assignment, value in (
        (lambda name: f"{spelled(name)} {option(name)}", option),
        (lambda name: f"personalize_{name} = {ini(name)}", ini),
    ):
        selected = {name: target for name in SELECTORS if (target := value(name))}
        for name, target in selected.items():
            if target not in SELECTORS[name]:
                targets = " or ".join(SELECTORS[name])
                raise UsageError(f"{assignment(name)}: no such target; it must be {targets}")
        target = selected.pop("target", "")
        if len(selected) > 1:
            first, second = list(selected)[:2]
            raise UsageError(f"{assignment(first)} and {assignment(second)} conflict; drop one")
        for name, answering in selected.items():
            if target not in ("", answering):
                raise UsageError(
                    f"{assignment(name)} and {assignment('target')} conflict; drop one"
                )
            return answering, name
        if target:
            return target, "target"
    return "recorded", "target"


def recorded_by_ini(config: pytest.Config) -> str:
    """Return the target that the ini file says to record; `""` if an option overrides it."""
    if any(config.getoption(f"personalize_{name}") for name in SELECTORS):
        return ""
    return str(config.getini("personalize_record") or "").strip()


def _datasets(options: Sequence[str], ini: Sequence[str]) -> Mapping[str, State]:
    if not (options or ini):
        return {}
    from personalize_contract.model.datasets import parse

    if options:
        return checked("--personalize-dataset", parse, options)
    return checked("personalize_dataset", parse, ini)


def _members(name: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    if paths:
        from personalize_contract.model import json_path

        for path in paths:
            checked(f"personalize_{name}", json_path.path, path)
    return paths


def _contracts(folder: Path | None, config: pytest.Config) -> Path | None:
    """Read the contract files of a folder, so that a mistake in one is reported at start-up."""
    import sys

    if folder or "personalize_contract.model.contract" in sys.modules:
        from personalize_contract.model import contract, contract_files

        config.add_cleanup(partial(contract_files.use, contract_files.folder()))
        checked("personalize_contracts", contract_files.use, folder)
        contract.at("/")
    return folder


def _fail_on(names: tuple[str, ...], max_age: str) -> tuple[str, ...]:
    for name in names:
        if name not in FAIL_ON:
            raise UsageError(
                f"personalize_fail_on = {name}: it must be one of {', '.join(FAIL_ON)}"
            )
    if "aged" in names and not max_age:
        raise UsageError("personalize_fail_on = aged needs an age: personalize_max_age = DAYS")
    return names


def _days(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageError(f"personalize_max_age = {text}: it must be a number of days")
    return int(text) if text else None


def _keep(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from personalize_contract.model.contract import load, operations

        private = {path.rpartition(".")[2] for of in operations() for path in load(of).private}
        for name in names:
            if name not in private:
                raise UsageError(
                    f"personalize_keep = {name}: it must be one of {', '.join(sorted(private))}"
                )
    return names


def _advice(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from personalize_contract.model.advice import known

        for name in names:
            checked("personalize_no_advice", known, name)
    return names
