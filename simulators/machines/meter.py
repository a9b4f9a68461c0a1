"""A three-phase energy meter of a line or a hall: it measures the machines it feeds, and the base load of the building.

Laws and figures:

- Power: what the machines draw plus the base load (lights and ventilation), of which a quarter is left outside planned
  time. The register is the integral of it.
- Phases: single-phase loads are never spread evenly; each phase has its share, which wanders. P = U I cos(phi) holds
  in each, and the power factor of all is active by apparent power, summed over the phases (arithmetic apparent power).
- Power factor: idle motors and ballasts are worst; from 0.7 at hardly any load to 0.92 at full load, as usual for a
  hall without compensation.
- Voltage: 230 V +- 10 % (EN 50160); the supply sags by 1.5 % at full load.
- Frequency: 50 Hz with a standard deviation of 20 mHz, as in the grid of continental Europe; meters of one seed that
  live through the same steps agree, since they hang on one grid.
"""

from __future__ import annotations

import random

from simulators.machines.device import Device, Surroundings
from simulators.machines.physics import Wander
from simulators.machines.signal import Signal, Value

_PHASES = (1, 2, 3)
_NIGHT = 0.25
"""Share of the base load that is left outside planned time."""
_VOLTS, _SAG = 231.5, 3.5


class EnergyMeter(Device):
    """A three-phase energy meter.

    Attributes:
        power: What it measures, in kW: what it feeds (`Surroundings.load`) and the base load.
        energy: Its register in kWh.

    Args:
        name: Name of the meter.
        seed: Seed of the scenario.
        base: kW of lights and ventilation in planned time.
        rating: kW at full load, to which voltage and power factor refer.

    Raises:
        ValueError: The rating is not positive, or the base load is negative.
    """

    kind = "energy_meter"
    title = "Energy meter"
    signals = (
        *(Signal(f"voltage_l{n}", "float", "V", f"Phase {n} to neutral", 2, low=0.0) for n in _PHASES),
        *(Signal(f"current_l{n}", "float", "A", f"Phase {n}", low=0.0) for n in _PHASES),
        *(Signal(f"power_factor_l{n}", "float", "", f"Of phase {n}", low=0.0, high=1.0) for n in _PHASES),
        *(Signal(f"active_power_l{n}", "float", "kW", f"Of phase {n}", low=0.0) for n in _PHASES),
        Signal("active_power", "float", "kW", "Sum of the three phases, mean of the last second", low=0.0),
        Signal("power_factor", "float", "", "Active by apparent power", low=0.0, high=1.0),
        Signal("frequency", "float", "Hz", "Of the grid"),
        Signal("energy", "float", "kWh", "Register of active energy, the integral of the power", low=0.0),
    )

    def __init__(self, name: str, seed: int, *, base: float = 0.0, rating: float = 100.0) -> None:
        if rating <= 0:
            raise ValueError(f"a rating of {rating} kW measures nothing: say more than 0")
        if base < 0:
            raise ValueError(f"a base load of {base} kW is none: say 0 or more")
        super().__init__(name, seed)
        self._base, self._rating = base, rating
        draw = self.random
        self._first, self._second = draw.uniform(0.315, 0.345), draw.uniform(0.32, 0.35)
        self._apart = [Wander(draw, 0.006, 40.0) for _ in range(2)]
        self._common = Wander(draw, 1.2, 900.0)
        self._volts = [Wander(draw, 0.35, 25.0) for _ in _PHASES]
        self._factors = [Wander(draw, 0.008, 20.0) for _ in _PHASES]
        self._flicker = Wander(draw, 0.01, 120.0)
        self._grid = Wander(random.Random(f"{seed} grid"), 0.02, 90.0)
        self._planned = False

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second, and return the power it measures in kW."""
        for wander in (*self._apart, self._common, *self._volts, *self._factors, self._grid):
            wander.follow()
        share = 1.0 if surroundings.planned else _NIGHT
        return surroundings.load + self._base * share * max(0.0, 1 + self._flicker.follow())

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        power = self.power
        load = min(1.2, power / self._rating)
        first = self._first + self._apart[0].value
        second = self._second + self._apart[1].value
        powers = (first * power, second * power, power - first * power - second * power)
        supply = _VOLTS - _SAG * load + self._common.value
        volts = [supply + own.value for own in self._volts]
        usual = 0.70 + 0.22 * min(1.0, load) ** 0.5
        factors = [usual + own.value for own in self._factors]
        currents = [1000 * p / (u * f) for p, u, f in zip(powers, volts, factors, strict=True)]
        apparent = sum(u * i for u, i in zip(volts, currents, strict=True)) / 1000
        return {
            "voltage_l1": volts[0],
            "voltage_l2": volts[1],
            "voltage_l3": volts[2],
            "current_l1": currents[0],
            "current_l2": currents[1],
            "current_l3": currents[2],
            "power_factor_l1": factors[0],
            "power_factor_l2": factors[1],
            "power_factor_l3": factors[2],
            "active_power_l1": powers[0],
            "active_power_l2": powers[1],
            "active_power_l3": powers[2],
            "active_power": power,
            "power_factor": power / apparent if apparent else usual,
            "frequency": 50.0 + self._grid.value,
            "energy": self.energy,
        }
