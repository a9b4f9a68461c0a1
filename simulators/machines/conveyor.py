"""A belt conveyor: parts ride on it from one machine to the next, and are work in progress meanwhile.

Laws and figures:

- Transport: 10 m at 0.5 m/s. The parts keep their distance; a part that arrives at the end and finds no room stops the
  belt with all that is on it (blocked), and a belt that has run empty is stopped after a while (starved).
- Drive: F = mu g (m_belt + m_parts), mu = 0.33 for a belt that slides on a steel bed (usual: 0.3 to 0.35, DIN 22101
  treats belts on idlers), at 0.7 for gear and drum. A geared motor of 0.75 kW, started directly (`induction_motor`).
- Vibration: velocity r.m.s. at the bearing of the drive drum; below 1.4 mm/s a small drive is as new, above 2.8 mm/s
  it is to be watched (ISO 20816-1, class I: zones A to C). It grows slowly with the age of the bearing.
- Bearing: warms with the belt's speed and pull, with a time constant of 15 minutes.
"""

from __future__ import annotations

import random
from collections import deque
from functools import lru_cache

from simulators.machines.device import Order, Surroundings
from simulators.machines.induction_motor import InductionMotor
from simulators.machines.packml import State
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability
from simulators.machines.unit import LEAST_CYCLE, UNIT_SIGNALS, Unit

LENGTH, SPEED = 10.0, 0.5
"""m, and m/s."""
_RATED, _CONTROLS, _ASLEEP = 0.75, 0.06, 0.015
"""kW: the motor at its shaft, the controls and light barriers, and what they draw outside planned time."""
_BELT, _FRICTION, _TRANSMISSION, _GRAVITY = 48.0, 0.33, 0.7, 9.81
"""kg of belt, coefficient of friction, efficiency of gear and drum, m/s2."""
_SLOWED = 1.5
_WORN_OUT = 12_000 * 3600.0
"""Seconds of running after which the bearing is replaced."""
_WAITING = frozenset({State.EXECUTE, State.SUSPENDING, State.SUSPENDED})


@lru_cache(maxsize=1024)
def mass(product: str, cycle: float) -> float:
    """Return how much a part weighs: about a kilogram for each second of its ideal cycle, so half of one a bottle."""
    return round(random.Random(f"mass {product}").uniform(0.7, 1.5) * min(20.0, max(0.1, cycle)), 2)


class Conveyor(Unit):
    """A belt conveyor."""

    kind = "conveyor"
    title = "Conveyor"
    least_cycle = 0.15
    reliability = Reliability(mtbf=60 * 3600, mttr=1200, stops=5400, stop=30, scrap=0.0004, loss=0.02, setup=120)
    signals = (
        *UNIT_SIGNALS,
        Signal("belt_speed", "float", "m/s", "Speed of the belt", low=0.0),
        Signal("parts_on_belt", "int", "", "Parts that ride on it"),
        Signal("starved", "bool", "", "Whether it waits for a part"),
        Signal("blocked", "bool", "", "Whether a part at its end finds no room"),
        Signal("motor_current", "float", "A", "A phase", 2, noise=0.012, low=0.0),
        Signal("bearing_vibration", "float", "mm/s", "Velocity r.m.s. at the drive drum", 2, noise=0.03, low=0.0),
        Signal("bearing_temperature", "float", "degC", "At the drive drum", 1, noise=0.06, drift=0.15),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._arrivals: deque[float] = deque()
        self._mass = 0.0
        """What the odometer will read when each part arrives at the end."""
        self._odometer = self._free = self._arrived = 0.0
        """m: what the belt has run, where the next part may be put on, where the last part arrived."""
        self._speed = Lag(0.0, 0.45)
        self._motor = InductionMotor(_RATED, efficiency=0.82, power_factor=0.74, run_up=0.35)
        self._bearing = Lag(21.0, 900.0)
        self._unrest = Wander(self.random, 0.06, 4.0)
        self._ran = self.random.uniform(0.1, 0.7) * _WORN_OUT
        self._vibration = 0.0
        self._starved = self._blocked = False

    @property
    def in_work(self) -> int:
        """Parts that ride on the belt."""
        return len(self._arrivals)

    def _can_go_on(self, surroundings: Surroundings) -> bool:
        if not self._arrivals:
            return surroundings.supply > 0
        return surroundings.room > 0 or self._arrivals[0] > self._odometer

    def _produce(self, surroundings: Surroundings, order: Order) -> None:
        """Let the belt run for a second, as far as there is room at its end."""
        end = self._odometer + self._speed.value
        scrap = 1 / 3 if "scrap" in surroundings.troubles else self.scrap()
        arrivals = self._arrivals
        blocked = False
        while arrivals and arrivals[0] <= end:
            if self.gave >= surroundings.room:
                end, blocked = arrivals[0], True
                break
            self._give(arrivals.popleft(), order, scrap)
        self._free = max(self._free, self._odometer)
        while self._free <= end and self.took < surroundings.supply:
            arrivals.append(self._free + LENGTH)
            self._free += max(LEAST_CYCLE, self.cycle(order)) * SPEED
            self.took += 1
        self.taken += self.took
        self._states.ran((end - self._odometer) / SPEED)
        self._odometer = end
        self._waits = self._waits + 1 if blocked or not arrivals else 0

    def _give(self, arrival: float, order: Order, scrap: float) -> None:
        self.last_cycle = (arrival - self._arrived) / SPEED if self._arrived else order.ideal_cycle
        self._arrived = arrival
        bad = self.random.random() < scrap
        self.finished += 1
        self.rejected += bad
        self.gave += not bad
        self.truth.ideal += order.ideal_cycle

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        state, arrivals = self._states.state, self._arrivals
        waits = state in _WAITING
        self._blocked = waits and bool(arrivals) and arrivals[0] <= self._odometer and surroundings.room < 1
        self._starved = waits and not arrivals and surroundings.supply < 1
        turns = state is State.EXECUTE and not self._blocked
        if turns and surroundings.order is not None:
            self._mass = mass(self.product, surroundings.order.ideal_cycle)
        wanted = SPEED / (_SLOWED if "slow" in surroundings.troubles else 1.0) if turns else 0.0
        speed = self._speed.follow(wanted)
        unrest = self._unrest.follow()
        pull = _FRICTION * _GRAVITY * (_BELT + self._mass * len(arrivals)) * (1 + unrest) / 1000
        if turns:
            self._ran += 1
            power = self._motor.turn(pull * speed / _TRANSMISSION / _RATED)
        else:
            power = self._motor.rest()
            if speed < 0.001:  # noqa: PLR2004
                self._speed.value = speed = 0.0
        age = self._ran / _WORN_OUT
        self._vibration = speed / SPEED * (0.6 + 0.5 * pull + 1.3 * age**2) * (1 + 2 * unrest)
        self._bearing.follow(surroundings.ambient + speed / SPEED * (9 + 12 * pull + 8 * age**2))
        awake = surroundings.planned or state is not State.STOPPED
        return power + (_CONTROLS if awake else _ASLEEP)

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        return {
            **self.unit_values(),
            "belt_speed": self._speed.value * (1 + 0.03 * self._unrest.value),
            "parts_on_belt": len(self._arrivals),
            "starved": self._starved,
            "blocked": self._blocked,
            "motor_current": self._motor.current,
            "bearing_vibration": self._vibration,
            "bearing_temperature": self._bearing.value,
        }
