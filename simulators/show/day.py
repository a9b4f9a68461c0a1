"""A day in the life of a machine, as it tells it every second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from simulators.machines import MACHINES
from simulators.machines.device import STEP_NS, Device
from simulators.machines.signal import Value
from simulators.plant.course import Course
from simulators.show.stage import plant, stage

SECONDS = 86_400
"""Of a day."""

_BEFORE = 6 * 3600
"""Seconds that it lives before: at midnight it has an evening's work behind it."""

_FIRST_SHIFT = 6 * 3600
_SHARE_BEFORE = 0.1
"""Share of a close-up that shows what was before the event."""


class Day(NamedTuple):
    """What a machine told in a day.

    Attributes:
        kind: Of the machine.
        day: The date.
        seed: Of its randomness.
        columns: For each signal, in their order, its values at the ends of the seconds of the day.
        planned: Whether each second was planned time of production.
        closely: Which seconds deserve a close look: a start, some cycles.
    """

    kind: type[Device]
    day: date
    seed: int
    columns: Mapping[str, Sequence[Value]]
    planned: Sequence[bool]
    closely: range


def live(kind: str, seed: int, day: date, advance: Callable[[float], None] = lambda _: None) -> Day:
    """Return a day of a machine of this kind, from midnight to midnight (UTC).

    Args:
        kind: One of `MACHINES`.
        seed: Another seed makes another machine.
        day: The date.
        advance: Called now and then with the seconds that are done.
    """
    course = Course(plant(kind), seed)
    begins = (day - date(1970, 1, 1)).days * SECONDS
    course.begin((begins - _BEFORE) * STEP_NS)
    station = next(station for station in course.stations if station.device.kind == kind)
    line = course.lines[station.place.line]
    columns: dict[str, list[Value]] = {signal.name: [] for signal in station.device.signals}
    planned = []
    for second in range(1 - _BEFORE, SECONDS + 1):
        readings = course.step()
        if second > 0:
            planned.append(line.planned)
            values = next(reading.values for reading in readings if reading.station is station)
            for name, value in values.items():
                assert value is not None, "a machine without faults tells everything"  # noqa: S101
                columns[name].append(value)
        if second % 600 == 0:
            advance(second + _BEFORE)
    return Day(MACHINES[kind], day, seed, columns, planned, _closely(kind, columns))


TOTAL = _BEFORE + SECONDS
"""Seconds that `live` lives."""


def _closely(kind: str, columns: Mapping[str, Sequence[Value]]) -> range:
    """Return the seconds around the event of the first shift that is worth a close look."""
    its = stage(kind)
    begin = _FIRST_SHIFT
    if its.event:
        column = columns[its.event][_FIRST_SHIFT:]
        changes = (
            second
            for second, (before, after) in enumerate(pairwise(column), _FIRST_SHIFT)
            if before != after and its.becomes in ("", after)
        )
        begin = next(changes, _FIRST_SHIFT)
    first = min(begin - round(_SHARE_BEFORE * its.seconds), SECONDS - its.seconds)
    return range(first, first + its.seconds)


def amounts(column: Sequence[Value]) -> Sequence[float]:
    """Return the values of a signal that is a number or a boolean as floats.

    Raises:
        TypeError: It holds texts.
    """
    if any(isinstance(value, str) for value in column):
        raise TypeError("texts are no amounts")
    return [float(value) for value in column]
