"""Which rows of the spool a sink has: all up to some row, and stretches beyond it where the newest went first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """Rows from `first` to `last`, both included."""

    first: int
    last: int


class Progress:
    """What one sink has. Rows are numbered from 1 and rise; numbers may be missing.

    Attributes:
        position: It has everything up to this row.
        stretches: What it has beyond, in order, never touching one another or the position.
    """

    def __init__(self, position: int = 0, stretches: Iterable[tuple[int, int]] = ()) -> None:
        self.position = position
        self.stretches: list[Stretch] = []
        for first, last in stretches:
            self.add(first, last)

    def copy(self) -> Progress:
        """Return one that changes by itself."""
        progress = Progress(self.position)
        progress.stretches = list(self.stretches)
        return progress

    def add(self, first: int, last: int) -> None:
        """Note that it has these rows, too."""
        merged: list[Stretch] = []
        for stretch in self.stretches:
            if stretch.last < first - 1 or stretch.first > last + 1:
                merged.append(stretch)
            else:
                first, last = min(first, stretch.first), max(last, stretch.last)
        if first <= self.position + 1:
            self.position = max(self.position, last)
            self.stretches = merged
        else:
            self.stretches = sorted([*merged, Stretch(first, last)])

    def has(self, row: int) -> bool:
        """Whether it has this row."""
        return row <= self.position or any(first <= row <= last for first, last in self.stretches)

    @property
    def top(self) -> int:
        """The last row that it has."""
        return self.stretches[-1].last if self.stretches else self.position

    def oldest_gap(self) -> Stretch | None:
        """Return the rows that it lacks between its position and what it has beyond; None if there are none."""
        return Stretch(self.position + 1, self.stretches[0].first - 1) if self.stretches else None

    def newest_gap(self) -> Stretch | None:
        """Return the last rows that it lacks below its top; None if there are none."""
        if not self.stretches:
            return None
        below = self.stretches[-2].last if len(self.stretches) > 1 else self.position
        return Stretch(below + 1, self.stretches[-1].first - 1)


def common(all_progress: Sequence[Progress]) -> Progress:
    """Return what all of them have."""
    first, *others = all_progress
    result = Progress(first.position, first.stretches)
    for other in others:
        both = []
        for one in (Stretch(1, result.position), *result.stretches):
            for another in (Stretch(1, other.position), *other.stretches):
                low, high = max(one.first, another.first), min(one.last, another.last)
                if low <= high:
                    both.append((low, high))
        result = Progress(0, both)
    return result
