"""A three-phase energy meter at the incoming supply of a hall: its register is the exact integral of its power."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from simulators.machines.machine import SECOND_NS, Value
from simulators.machines.randomness import Draws
from simulators.machines.signals import HOUR_NS, Profile, Ripple, Signal, Switched

COMMISSIONED_NS = 1_704_067_200 * SECOND_NS
"""2024-01-01T00:00:00Z, when the register stood at zero. It was a Monday, and so a week of the profile begins there."""

_WORKDAY = (0.30, 0.28, 0.28, 0.30, 0.42, 0.70, 0.88, 0.95, 0.97, 0.93, 0.96, 0.88,
            0.80, 0.92, 0.96, 0.94, 0.90, 0.86, 0.80, 0.76, 0.70, 0.62, 0.48, 0.36)  # fmt: skip
_SATURDAY = (0.32, 0.28, 0.26, 0.26, 0.30, 0.38, 0.46, 0.52, 0.54, 0.54, 0.52, 0.48,
             0.42, 0.36, 0.32, 0.30, 0.28, 0.27, 0.26, 0.26, 0.25, 0.25, 0.25, 0.24)  # fmt: skip
_SUNDAY = (0.24,) * 20 + (0.25, 0.27, 0.30, 0.32)
"""Share of the peak demand at each full hour (UTC); straight lines between them."""


def _week(peak: float) -> Profile:
    shares = (*_WORKDAY * 5, *_SATURDAY, *_SUNDAY)
    points = [(hour * HOUR_NS, peak * share) for hour, share in enumerate((*shares, shares[0]))]
    return Profile(points, offset_ns=COMMISSIONED_NS)


class EnergyMeter:
    """A meter for three phases and neutral, 230/400 V, 50 Hz, with current transformers.

    Telemetry, in this order, with N for each of 1, 2 and 3:

    | name | unit | what it is |
    |---|---|---|
    | `voltage_lN` | V | phase N to neutral |
    | `current_lN` | A | |
    | `power_factor_lN` | 1 | active by apparent power of the phase |
    | `active_power_lN` | kW | voltage times current times power factor |
    | `active_power` | kW | sum of the three phases |
    | `power_factor` | 1 | active by apparent power, both summed over the phases (arithmetic apparent power) |
    | `frequency` | Hz | |
    | `energy` | kWh | register of active energy, zero at the start of 2024 |

    The demand is a weekly profile (workdays in two shifts, a quiet weekend), a compressor and a furnace that switch,
    and the ripple of everything else.

    Args:
        name: Name of the meter.
        seed: Seed of the scenario.
        period_ns: Time from one sample to the next, in nanoseconds.
        peak_kw: Peak of the weekly profile, in kilowatts.
    """

    kind = "energy_meter"

    def __init__(self, name: str, seed: int, period_ns: int = SECOND_NS // 5, peak_kw: float = 120.0) -> None:
        self.name = name
        self.period_ns = period_ns
        draws = Draws.of(seed, self.kind, name)
        self._peak = peak_kw
        self._demand: tuple[Signal, ...] = (
            _week(peak_kw * draws.uniform(0.95, 1.0, "peak")),
            _switched(draws, "compressor", 0.12 * peak_kw, seconds=(150, 260), share=(0.3, 0.5)),
            _switched(draws, "furnace", 0.07 * peak_kw, seconds=(35, 70), share=(0.2, 0.6)),
            Ripple(draws, "demand", 0.03 * peak_kw, 11.0),
        )
        self._at_commissioning = self._counted(COMMISSIONED_NS)
        # Single-phase loads are never spread evenly over the phases; three shares that add up to one.
        cuts = (0.0, draws.uniform(0.325, 0.345, "cut 1"), draws.uniform(0.655, 0.675, "cut 2"), 1.0)
        self._shares = [high - low for low, high in pairwise(cuts)]
        self._voltages = [Ripple(draws, f"voltage {phase}", 1.4, 37.0) for phase in (1, 2, 3)]
        self._factors = [Ripple(draws, f"power factor {phase}", 0.008, 13.0) for phase in (1, 2, 3)]
        self._grid = Ripple(Draws.of(seed, "grid"), "frequency", 0.035, 61.0)  # one grid: all meters agree

    def power(self, time_ns: int) -> float:
        """Return the active power of all phases in kilowatts, not rounded."""
        return sum(part.value(time_ns) for part in self._demand)

    def energy(self, time_ns: int) -> float:
        """Return the register in kilowatt-hours, not rounded: the integral of `power` since commissioning."""
        return self._counted(time_ns) - self._at_commissioning

    def _counted(self, time_ns: int) -> float:
        return sum(part.integral(time_ns) for part in self._demand)

    def telemetry(self, time_ns: int) -> Mapping[str, Value]:
        """Return all values at a time; see the class."""
        power = self.power(time_ns)
        load = power / self._peak
        values: dict[str, list[float]] = {"voltage": [], "current": [], "power_factor": [], "active_power": []}
        for share, voltage_ripple, factor_ripple in zip(self._shares, self._voltages, self._factors, strict=True):
            voltage = 231.5 - 3.0 * load + voltage_ripple.value(time_ns)  # the supply sags a little under load
            factor = 0.80 + 0.12 * min(load, 1.2) + factor_ripple.value(time_ns)  # idling motors are worst
            values["voltage"].append(voltage)
            values["current"].append(1_000 * share * power / (voltage * factor))
            values["power_factor"].append(factor)
            values["active_power"].append(share * power)
        apparent = sum(v * i for v, i in zip(values["voltage"], values["current"], strict=True)) / 1_000
        phases = {
            f"{name}_l{phase}": round(value, 3)
            for name, of_phases in values.items()
            for phase, value in enumerate(of_phases, 1)
        }
        return {
            **phases,
            "active_power": round(power, 3),
            "power_factor": round(power / apparent, 3),
            "frequency": round(50.0 + self._grid.value(time_ns), 3),
            "energy": round(self.energy(time_ns), 3),
        }


def _switched(
    draws: Draws, name: str, level: float, *, seconds: tuple[float, float], share: tuple[float, float]
) -> Switched:
    """Return a load with a period and a share of it that are drawn from these ranges."""
    period_ns = round(draws.uniform(*seconds, f"{name} period") * SECOND_NS)
    on_ns = round(period_ns * draws.uniform(*share, f"{name} share"))
    return Switched(level, period_ns, on_ns, round(draws.uniform(0, period_ns, f"{name} offset")))
