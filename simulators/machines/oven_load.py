"""What is inside a continuous oven: the parts on its conveyor, where they are and how warm."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

LENGTH = 18.0
"""m of the way through the oven."""
ZONES = 3
_REACHES = tuple(LENGTH * (zone + 1) / ZONES for zone in range(ZONES))
_LAG = 150.0
_SHARE = -math.expm1(-1.0 / _LAG)
_HAIR = 1e-9


class Part(NamedTuple):
    """A part on the conveyor.

    Attributes:
        entered: Where the conveyor was then, in m.
        second: When it was.
        ideal: Seconds for one part at best.
        pitch: Seconds until the next part entered, at the earliest.
        heat: kJ/K that it holds.
    """

    entered: float
    second: int
    ideal: float
    pitch: float
    heat: float


class OvenLoad:
    """The parts in an oven, in three zones.

    The parts of a zone have one temperature, their mean: it follows the air with a time constant of 150 s.

    Attributes:
        way: How far the conveyor has moved, in m.
        blocked: Whether it could not move on in the last second, since a part had no room behind the oven.
        temperatures: Of the parts in each zone in degC; of the carriers, where there is none.
    """

    def __init__(self, temperature: float) -> None:
        self.way = 0.0
        self.blocked = False
        self.temperatures = [temperature] * ZONES
        self._parts: tuple[deque[Part], ...] = tuple(deque() for _ in range(ZONES))
        self._heat = [0.0] * ZONES
        self._last = -LENGTH

    @property
    def left(self) -> float:
        """How far the conveyor must move until it is empty, in m."""
        return max(0.0, self._last + LENGTH - self.way)

    def waits(self) -> bool:
        """Whether a part stands at the exit."""
        last = self._parts[-1]
        return bool(last) and last[0].entered + LENGTH <= self.way + _HAIR

    def enter(self, part: Part, temperature: float) -> None:
        """Hang a part on the conveyor."""
        self._last = part.entered
        self._join(0, part, temperature)

    def move(self, metres: float, room: int) -> list[Part]:
        """Move the conveyor, or as far as there is room for what comes out, and return that."""
        target = self.way + metres
        self.blocked = False
        out: list[Part] = []
        leaving = self._parts[-1]
        for zone in range(ZONES - 1):
            parts = self._parts[zone]
            while parts and parts[0].entered + _REACHES[zone] <= target:
                part = parts.popleft()
                self._heat[zone] -= part.heat
                self._join(zone + 1, part, self.temperatures[zone])
        while leaving and leaving[0].entered + LENGTH <= target + _HAIR:
            if len(out) >= room:
                target = max(self.way, leaving[0].entered + LENGTH)
                self.blocked = True
                break
            part = leaving.popleft()
            self._heat[-1] -= part.heat
            out.append(part)
        self.way = target
        return out

    def follow(self, air: tuple[float, ...]) -> list[float]:
        """Let a second pass, and return the kW that the parts take from the air of each zone."""
        taken = []
        for zone, warm in enumerate(air):
            gain = (warm - self.temperatures[zone]) * _SHARE
            self.temperatures[zone] += gain
            taken.append(gain * self._heat[zone] if self._parts[zone] else 0.0)
        return taken

    def _join(self, zone: int, part: Part, temperature: float) -> None:
        number = len(self._parts[zone])
        held = self._heat[zone] if number else 0.0
        mixed = self.temperatures[zone] * held + temperature * part.heat
        self.temperatures[zone] = mixed / (held + part.heat)
        self._heat[zone] = held + part.heat
        self._parts[zone].append(part)
