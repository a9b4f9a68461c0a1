"""What a benchmark is given and what it returns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.status import JSON


class MeasurementError(Exception):
    """There is no result: something failed on the way, or a message is missing."""


class Setting(NamedTuple):
    """What a benchmark runs with.

    Attributes:
        folder: An empty folder on a disk, for everything that is written.
        scale: Factor to all counts and durations.
        say: Shows a line of progress.
    """

    folder: Path
    scale: float
    say: Callable[[str], None]


class Row(NamedTuple):
    """A line of the table: a figure, and what to compare it with."""

    figure: str
    value: str
    beside: str = ""


class Measured(NamedTuple):
    """What came out: figures for build/bench.json, and the same to be read."""

    figures: dict[str, JSON]
    rows: Sequence[Row]


def median(values: Sequence[float]) -> float:
    """Return the median, to three decimals: there is more noise than that in all of it."""
    return round(statistics.median(values), 3)


def require_equal(counts: dict[str, int]) -> None:
    """Raise MeasurementError unless all these counts, which are told by their names, are the same."""
    if len(set(counts.values())) > 1:
        raise MeasurementError("messages are missing: " + ", ".join(f"{name} {n}" for name, n in counts.items()))
