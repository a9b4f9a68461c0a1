"""What came out of a gateway's store, computed again from the points alone: to be compared with what was expected.

It knows nothing of the simulation but what a user would know, too: the shift calendar, the ideal cycle of each product,
and when the run began and ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from simulators.plant.calendar import Calendar
from simulators.plant.scenario import Scenario

Samples: TypeAlias = Sequence[tuple[int, object]]
"""Times in nanoseconds and values, in order of time."""

Read: TypeAlias = Callable[[str, str, str], Samples]
"""Returns the samples of a machine, its type, and a field."""

_SECOND_NS = 1_000_000_000


class Stored(NamedTuple):
    """What the points of one machine say."""

    planned_seconds: int
    running_seconds: int
    ideal_seconds: float
    parts: int
    rejects: int
    energy: float


class Window(NamedTuple):
    """The run: from its start to its end, in nanoseconds, whole seconds."""

    start_ns: int
    end_ns: int


def of_unit(read: Read, scenario: Scenario, asset: str, kind: str, calendar: Calendar, window: Window) -> Stored:
    """Return what is stored of a machine that makes parts."""
    planned = [
        second * _SECOND_NS
        for second in range(window.start_ns // _SECOND_NS + 1, window.end_ns // _SECOND_NS + 1)
        if calendar.planned(second * _SECOND_NS)
    ]
    state, mode = read(asset, kind, "state"), read(asset, kind, "mode")
    running = sum(_at(state, time) == "EXECUTE" and _at(mode, time) == "PRODUCTION" for time in planned)
    counts, products = read(asset, kind, "part_count"), read(asset, kind, "product")
    ideal = 0.0
    for (_, before), (time, after) in pairwise(counts):
        if made := _number(after) - _number(before):
            ideal += made * scenario.products[str(_at(products, time))].cycle(kind)
    return Stored(
        len(planned),
        running,
        ideal,
        round(_increase(counts)),
        round(_increase(read(asset, kind, "reject_count"))),
        _increase(read(asset, kind, "energy")),
    )


def energy(read: Read, asset: str, kind: str) -> float:
    """Return how far a machine's register of energy went, in kWh."""
    return _increase(read(asset, kind, "energy"))


def _increase(samples: Samples) -> float:
    return _number(samples[-1][1]) - _number(samples[0][1]) if samples else 0.0


def _at(samples: Samples, time_ns: int) -> object:
    """Return the value that holds at a time: the last one told until then."""
    index = bisect_right(samples, time_ns, key=lambda sample: sample[0])
    return samples[index - 1][1] if index else None


def _number(value: object) -> float:
    assert isinstance(value, int | float), value
    return float(value)
