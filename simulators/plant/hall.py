"""The hall that machines stand in: warmer in the afternoon than at night, and drier."""

from __future__ import annotations

import math
import random

from simulators.machines.physics import Wander

_MEAN, _SWING = 21.0, 2.6
"""degC, and how far the day takes it up and down: a hall with heating and without cooling."""
_WARMEST = 15.5 / 24
_WATER = 8.2
"""Absolute humidity in g/m3, which a day changes little; relative humidity follows from the temperature."""
_DAY_NS = 86_400_000_000_000


class Hall:
    """Temperature and relative humidity of a hall, at every second.

    Args:
        seed: They follow from it and the time.
    """

    def __init__(self, seed: int) -> None:
        source = random.Random(f"{seed} hall")
        self._warmth = Wander(source, 0.35, 1800)
        self._water = Wander(source, 0.5, 5400)

    def at(self, time_ns: int) -> tuple[float, float]:
        """Let a second pass; return the temperature in degC and the relative humidity in percent."""
        day = time_ns % _DAY_NS / _DAY_NS
        temperature = _MEAN + _SWING * math.cos(2 * math.pi * (day - _WARMEST)) + self._warmth.follow()
        # Magnus formula (Sonntag 1990) for the pressure of saturation in Pa, and the ideal gas law for g/m3.
        saturated = 611.2 * math.exp(17.62 * temperature / (243.12 + temperature))
        full = 1000 * saturated / (461.5 * (temperature + 273.15))
        return temperature, min(100.0, 100 * (_WATER + self._water.follow()) / full)
