"""Periodic signals whose integral is known in closed form, so that a meter can count exactly what it shows.

Periods are whole nanoseconds and times are reduced by them before anything becomes a float: nanoseconds since 1970
have 19 digits, and a float keeps 15.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Protocol

from simulators.machines.machine import SECOND_NS
from simulators.machines.randomness import Draws

HOUR_NS = 3_600 * SECOND_NS


class Signal(Protocol):
    """Something that changes with time."""

    def value(self, time_ns: int) -> float:
        """Return the value at a time."""

    def integral(self, time_ns: int) -> float:
        """Return the integral from 1970-01-01T00:00:00Z to a time, in units of the value times hours."""


class Wave:
    """A sine wave.

    Args:
        amplitude: Half the distance from its lowest to its highest value.
        period_ns: Its period.
        phase: Where in its period it is at 1970-01-01T00:00:00Z, from 0 to 1.
    """

    def __init__(self, amplitude: float, period_ns: int, phase: float) -> None:
        self._amplitude = amplitude
        self._period_ns = period_ns
        self._phase = 2 * math.pi * phase
        self._scale = 2 * math.pi / period_ns

    def value(self, time_ns: int) -> float:
        """Return the value at a time."""
        return self._amplitude * math.sin(self._phase + self._scale * (time_ns % self._period_ns))

    def integral(self, time_ns: int) -> float:
        """Return the integral since 1970, in units of the value times hours; whole periods add nothing."""
        angle = self._phase + self._scale * (time_ns % self._period_ns)
        return self._amplitude / (self._scale * HOUR_NS) * (math.cos(self._phase) - math.cos(angle))


class Switched:
    """A load that is on for a part of each period, and off for the rest: a compressor, a pump, a furnace.

    Args:
        level: Its value while it is on.
        period_ns: The time from one start to the next.
        on_ns: How long it stays on.
        offset_ns: The time of a start.
    """

    def __init__(self, level: float, period_ns: int, on_ns: int, offset_ns: int) -> None:
        self._level = level
        self._period_ns = period_ns
        self._on_ns = on_ns
        self._offset_ns = offset_ns

    def value(self, time_ns: int) -> float:
        """Return the value at a time."""
        return self._level if (time_ns - self._offset_ns) % self._period_ns < self._on_ns else 0.0

    def _on_until(self, time_ns: int) -> int:
        periods, rest = divmod(time_ns - self._offset_ns, self._period_ns)
        return periods * self._on_ns + min(rest, self._on_ns)

    def integral(self, time_ns: int) -> float:
        """Return the integral since 1970, in units of the value times hours."""
        return self._level * (self._on_until(time_ns) - self._on_until(0)) / HOUR_NS


class Profile:
    """A line through points, repeated for ever: a day, a week.

    Args:
        points: Times from 0 to the period, ascending, each with its value; the last repeats the value of the first.
        offset_ns: A time at which the period begins.
    """

    def __init__(self, points: Sequence[tuple[int, float]], offset_ns: int = 0) -> None:
        self._times = [time for time, _ in points]
        self._values = [value for _, value in points]
        self._offset_ns = offset_ns
        self._period_ns = self._times[-1]
        areas = ((high - low) * (a + b) / (2 * HOUR_NS) for (low, a), (high, b) in pairwise(points))
        self._areas = [0.0, *accumulate(areas)]

    def _at(self, time_ns: int) -> tuple[int, int, float]:
        """Return the whole periods since the offset, the part of the period, and the value."""
        periods, rest = divmod(time_ns - self._offset_ns, self._period_ns)
        part = bisect_right(self._times, rest) - 1
        low, high = self._times[part], self._times[part + 1]
        slope = (self._values[part + 1] - self._values[part]) / (high - low)
        return periods, part, self._values[part] + slope * (rest - low)

    def value(self, time_ns: int) -> float:
        """Return the value at a time."""
        return self._at(time_ns)[2]

    def _area(self, time_ns: int) -> float:
        periods, part, value = self._at(time_ns)
        elapsed_ns = (time_ns - self._offset_ns) % self._period_ns - self._times[part]
        inside = elapsed_ns * (self._values[part] + value) / (2 * HOUR_NS)
        return periods * self._areas[-1] + self._areas[part] + inside

    def integral(self, time_ns: int) -> float:
        """Return the integral since 1970, in units of the value times hours."""
        return self._area(time_ns) - self._area(0)


class Ripple:
    """The small unrest of a measured value: two waves whose periods share no multiple for a long time.

    Args:
        draws: Whose ripple it is.
        what: Which of their values.
        amplitude: The largest deviation from zero.
        period_s: About how long it takes to swing, in seconds.
    """

    def __init__(self, draws: Draws, what: str, amplitude: float, period_s: float) -> None:
        slow_ns = round(period_s * SECOND_NS * draws.uniform(0.9, 1.1, f"{what} slow"))
        fast_ns = round(period_s * SECOND_NS * draws.uniform(0.13, 0.19, f"{what} fast"))
        self._waves = (
            Wave(amplitude * 0.65, slow_ns, draws.uniform(0, 1, f"{what} slow phase")),
            Wave(amplitude * 0.35, fast_ns, draws.uniform(0, 1, f"{what} fast phase")),
        )

    def value(self, time_ns: int) -> float:
        """Return the value at a time."""
        slow, fast = self._waves
        return slow.value(time_ns) + fast.value(time_ns)

    def integral(self, time_ns: int) -> float:
        """Return the integral since 1970, in units of the value times hours."""
        slow, fast = self._waves
        return slow.integral(time_ns) + fast.integral(time_ns)
