"""The hall that machines stand in: warmer in the afternoon than at night, and drier."""

from __future__ import annotations

import math
import random
from datetime import datetime
from zoneinfo import ZoneInfo

from simulators.machines.physics import Wander

_MEAN, _SWING = 21.0, 2.6
"""degC, and how far the day takes it up and down: a hall with heating and without cooling."""
_WARMEST = 15.5 / 24
_WATER = 8.2
"""Absolute humidity in g/m3, which a day changes little; relative humidity follows from the temperature."""
_DAY_NS = 86_400_000_000_000
_HOUR_NS = 3_600_000_000_000


class Hall:
    """Temperature and relative humidity of a hall, at every second.

    Args:
        seed: They follow from it and the time.
        zone: Where it stands: the sun follows its clock.
    """

    def __init__(self, seed: int, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hour = -1
        self._ahead_ns = 0
        source = random.Random(f"{seed} hall")
        self._warmth = Wander(source, 0.35, 1800)
        self._water = Wander(source, 0.5, 5400)

    def at(self, time_ns: int) -> tuple[float, float]:
        """Let a second pass; return the temperature in degC and the relative humidity in percent."""
        if time_ns // _HOUR_NS != self._hour:
            self._hour = time_ns // _HOUR_NS
            ahead = datetime.fromtimestamp(time_ns // 1_000_000_000, self._zone).utcoffset()
            self._ahead_ns = round(ahead.total_seconds()) * 1_000_000_000 if ahead else 0
        day = (time_ns + self._ahead_ns) % _DAY_NS / _DAY_NS
        temperature = _MEAN + _SWING * math.cos(2 * math.pi * (day - _WARMEST)) + self._warmth.follow()
        # Magnus formula (Sonntag 1990) for the pressure of saturation in Pa, and the ideal gas law for g/m3.
        saturated = 611.2 * math.exp(17.62 * temperature / (243.12 + temperature))
        full = 1000 * saturated / (461.5 * (temperature + 273.15))
        return temperature, min(100.0, 100 * (_WATER + self._water.follow()) / full)
