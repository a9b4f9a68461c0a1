"""Puts what was taken of a message together as telemetry: by instant, in the layout of the route."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.models import Origin, Quality, Series, Telemetry, Value
from gateway.normalize.columns import Suffix
from gateway.normalize.series import SeriesState
from gateway.status import Status


class Cell(NamedTuple):
    """One value on its way to the store.

    Attributes:
        name: Its stored name, without the ending of its type.
        suffix: The ending of its type.
        declared: Whether it stays under the plain name all the same.
        value: The value; None if there is none and only its quality is to be told.
        time_ns: When it was true.
        quality: Its quality, if that is to be written.
    """

    name: str
    suffix: Suffix
    declared: bool
    value: Value | None
    time_ns: int
    quality: Quality | None


@dataclass
class Statement:
    """What one observation says, in the terms of the store.

    Attributes:
        time_ns: Its time, for what has no value.
        cells: Its values.
        names: The names that it spoke of.
        time_status: Where its time comes from, if that is to be written.
    """

    time_ns: int
    cells: list[Cell] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    time_status: str | None = None


def assemble(state: SeriesState, statement: Statement, origin: Origin, *, narrow: bool) -> list[Telemetry]:
    """Return one telemetry for each instant; in the narrow layout one for each value."""
    instants: dict[int, list[Cell]] = {}
    for cell in statement.cells:
        instants.setdefault(cell.time_ns, []).append(cell)
    if statement.time_status is not None:
        instants.setdefault(statement.time_ns, [])
    result: list[Telemetry] = []
    for time_ns, cells in instants.items():
        status = statement.time_status if time_ns == statement.time_ns else None
        if narrow:
            result += [
                _telemetry(_narrow_series(state, cell.name), [cell], time_ns, origin, status, narrow=True)
                for cell in cells
            ]
        elif cells or status is not None:
            result.append(_telemetry(state.series, cells, time_ns, origin, status, narrow=False))
    return result


def _telemetry(
    series: Series, cells: Iterable[Cell], time_ns: int, origin: Origin, time_status: str | None, *, narrow: bool
) -> Telemetry:
    values: dict[str, Value] = {}
    quality: dict[str, Quality] = {}
    for cell in cells:
        name = "value" if narrow else cell.name
        if cell.value is not None:
            # Narrow, all names share the field `value`, so there the type always shows in its name.
            values[name if cell.declared and not narrow else name + cell.suffix] = cell.value
        if cell.quality is not None:
            quality[name] = cell.quality
    return Telemetry(
        series=series,
        values=values,
        timestamp_ns=time_ns,
        quality=quality or None,
        time_status=time_status,
        origin=origin,
    )


def _narrow_series(state: SeriesState, name: str) -> Series:
    series = state.narrow.get(name)
    if series is None:
        whole = state.series
        series = Series(asset=whole.asset, measurement=whole.measurement, tags={**whole.tags, "metric": name})
        state.narrow[name] = series
    return series


def keep_apart(telemetry: list[Telemetry], status: Status) -> list[Telemetry]:
    """Return the telemetry of one message with values that would overwrite one another moved by a nanosecond each.

    Deterministic: it follows from the message alone.
    """
    if len(telemetry) < 2:  # noqa: PLR2004
        return telemetry
    taken: set[tuple[str, str, int]] = set()
    free: dict[tuple[str, str, int], int] = {}
    result: list[Telemetry] = []
    for one in telemetry:
        key, at = one.series.key, one.timestamp_ns
        names: Sequence[str] = [*one.values, *(f"{name}\0q" for name in one.quality or ())]
        moved = max((free.get((key, name, at), at) for name in names), default=at)
        while any((key, name, moved) in taken for name in names):
            moved += 1
        for name in names:
            taken.add((key, name, moved))
            free[key, name, at] = moved + 1
        if moved != at:
            status.corrected.count("two values for one instant in one message")
            one = one.model_copy(update={"timestamp_ns": moved})  # noqa: PLW2901
        result.append(one)
    return result
