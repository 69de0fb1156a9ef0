"""Reports of a run: for people on the terminal, for machines in files. The suffix says which."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from personalize_contract.errors import UsageError
from personalize_contract.report import html_page, json_report, junit, markdown
from personalize_contract.report.view import Report

WRITERS: dict[str, Callable[[Report], str]] = {
    ".json": json_report.text,
    ".xml": junit.text,
    ".html": html_page.text,
    ".md": markdown.text,
}
"""The text of a report by the suffix of its file."""


def check(
    paths: Iterable[Path], suffixes: Collection[str] = tuple(WRITERS), option: str = "--report"
) -> None:
    """Check that reports can be written to these files, before the run that they are about.

    Args:
        paths: the files. Their folders need not exist.
        suffixes: the suffixes of the reports that the run can write.
        option: the option that names the files, for messages.

    Raises:
        UsageError: an unknown suffix, or a folder that can't be written to or created.
    """
    for path in paths:
        if path.suffix not in suffixes:
            raise UsageError(f"{option} {path}: the name must end in {' or '.join(suffixes)}")
        if path.is_dir():
            raise UsageError(f"{option} {path}: it is a folder; name a file")
        folder = next(parent for parent in path.parents if parent.exists())
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise UsageError(
                f"{option} {path}: {folder} is not a folder that can be written to; name another"
            )


def write(path: Path, report: Report) -> None:
    """Write a report; raises as `save` does."""
    save(path, WRITERS[path.suffix](report))


def save(path: Path, text: str) -> None:
    """Write the text of a report, and create its folder if there is none.

    Raises:
        UsageError: the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"report {path}: it can't be written: {error.strerror}") from error
