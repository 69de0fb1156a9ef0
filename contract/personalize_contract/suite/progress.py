"""Progress of a run: a bar on a terminal, a line for each target in a log."""

from __future__ import annotations

import contextlib
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text


class Bar:
    """The progress of `verify`. Use as a context manager, which erases the bar at the end.

    Args:
        console: the console of the bar; not the one of the report.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:10}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def begin(self, target: str, total: int) -> None:
        """Show that the scenarios of a target begin."""
        if not self._console.is_terminal:
            self._console.print(f"{target}: {total} scenario{'s' * (total != 1)}")
        self._task = self._bars.add_task(target, total=total)

    def step(self) -> None:
        """Show that one more scenario is done."""
        if self._task is not None:
            self._bars.advance(self._task)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        with contextlib.suppress(OSError):  # the terminal was closed
            self._console.print(Text(line, "dim"), soft_wrap=True)

    def __enter__(self) -> Bar:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()  # prints an empty line even if nothing was drawn
