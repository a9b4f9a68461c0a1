"""A three-phase induction motor on 400 V: what it draws at a load, and while it runs up.

Laws and figures:

- Losses: under a half of those at the rating is there at any load (iron, friction, fan), the rest grows with its square
  (copper). Efficiency classes are those of IEC 60034-30-1: IE3 has 0.88 at 3 kW and 0.94 at 37 kW.
- Current: the reactive part, which magnetizes, hardly follows the load; so a motor that idles draws 40 to 60 % of its
  rated current at a bad power factor.
- Direct start: 6.5 times the rated current (IEC 60034-12, design N, allows 6 to 9 times) at a power factor of about 0.4
  until it has run up. In star a third of current and torque; the change to delta is one short surge more.
"""

from __future__ import annotations

import math

_VOLTS = 400.0
_SURGE, _SURGE_POWER_FACTOR = 6.5, 0.4
_STAR = 1 / 3
_CHANGE_OVER = 0.1
"""Seconds that the surge of the change from star to delta lasts."""


class InductionMotor:
    """A motor that is switched.

    Attributes:
        power: kW that it drew from the grid in the last second.
        current: Amperes a phase, root mean square, mean of the last second.

    Args:
        rated: kW at the shaft.
        efficiency: At the rating.
        power_factor: At the rating.
        run_up: Seconds from rest to its speed.
        star_delta: Whether it is started in star.
    """

    def __init__(
        self, rated: float, *, efficiency: float, power_factor: float, run_up: float, star_delta: bool = False
    ) -> None:
        self.power = 0.0
        self.current = 0.0
        self._rated = rated
        self._input = rated / efficiency
        self._fixed = 0.45 * (self._input - rated)
        self._copper = 0.55 * (self._input - rated)
        self._amperes = self._input / (math.sqrt(3) * _VOLTS * power_factor) * 1000
        self._reactive = self._amperes * math.sqrt(1 - power_factor**2)
        self._run_up = run_up
        self._star_delta = star_delta
        self._surge_power = self._input * _SURGE * _SURGE_POWER_FACTOR / power_factor
        self._ran = 0.0

    def turn(self, load: float) -> float:
        """Be switched on for a second, with this share of the rated power at the shaft; return the power in kW."""
        power = self._rated * load + self._fixed + self._copper * load * load
        active = power / (math.sqrt(3) * _VOLTS) * 1000
        current = math.hypot(active, self._reactive * (0.85 + 0.15 * load))
        if self._ran <= self._run_up:
            power, current = self._start(power, current)
        self._ran += 1
        self.power, self.current = power, current
        return power

    def rest(self) -> float:
        """Be switched off for a second."""
        self.power = self.current = self._ran = 0.0
        return 0.0

    def _start(self, power: float, current: float) -> tuple[float, float]:
        share = min(1.0, self._run_up - self._ran)
        surge_power, surge = self._surge_power, _SURGE * self._amperes
        if self._star_delta:
            if share == 1.0:
                falling = _STAR * (1 - 0.5 * (self._ran / self._run_up) ** 3)
                return surge_power * falling, surge * falling
            share = _CHANGE_OVER
        return power + (surge_power - power) * share, current + (surge - current) * share
