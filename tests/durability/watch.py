"""Shows a person how far the matrix is."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tests.durability.examine import Row


class Watch:
    """A bar for all parts, one for the part that runs, and a line for each that has; on the standard error.

    Args:
        parts: How many there are, each mode of a part for itself.
    """

    def __init__(self, parts: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(30),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[doing]}[/]"),
            console=Console(stderr=True, highlight=False),
        )
        self._parts, self._done = parts, 0
        self._all = self._progress.add_task("fault matrix", total=parts, count=f"0 of {parts} parts", doing="")
        self._part: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, name: str, mode: str) -> None:
        """Show that a part begins."""
        self._part = self._progress.add_task(f"{name}, {mode}", total=None, count="", doing="starting servers")

    def __call__(self, done: int, of: int, doing: str) -> None:
        """Show how far it is; see `gateway.verification.run.Progress`."""
        if self._part is not None:
            count = f"{done:,} of {of:,} messages"
            self._progress.update(self._part, completed=done, total=of, count=count, doing=doing)

    def end(self, name: str, mode: str, rows: list[Row]) -> None:
        """Show what a part came to."""
        if self._part is not None:
            self._progress.remove_task(self._part)
            self._part = None
        self._done += 1
        self._progress.update(self._all, completed=self._done, count=f"{self._done} of {self._parts} parts")
        kills = sum(row.kills for row in rows)
        said = f"{sum(row.sent for row in rows):,} messages, {kills} kills, {sum(row.lost for row in rows)} lost"
        failed = [row for row in rows if not row.passed]
        mark = "[red]✗[/]" if failed else "[green]✓[/]"
        self._progress.console.print(f"{mark} {name}, {mode}: {said}")
        for row in failed:
            self._progress.console.print(f"  [red]{row.fault}[/]: {escape(row.complaint())}", soft_wrap=True)
