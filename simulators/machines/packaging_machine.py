"""What the machines of a bottling line have in common: their speed follows the level of supply, 60 to 200 a minute.

Laws and figures:

- Speed: a main drive with a frequency converter. It creeps while little lies before it or little room is behind it,
  and runs at full speed with some seconds of bottles on both sides, as the level control of bottling lines does: so
  machines in a line find a common speed, and stop seldom. It runs up with a time constant of 2.5 s.
- Power: a drive that runs needs a third of its power for friction at any speed. Pumps, elevator and suction start
  directly (`induction_motor`: the peak at each start) and run on while the machine waits.
- Compressed air: grippers and blow-off need some as long as the machine is ready; below 4.5 bar a pressure switch
  holds the machine. Free air as usual for such machines, 0.1 to 0.5 m3/min.

The bottles that go around in a carousel are counted where they leave it; until then they lie before the machine.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from functools import lru_cache
from typing import ClassVar, NamedTuple

from simulators.machines.device import Order, Surroundings
from simulators.machines.induction_motor import InductionMotor
from simulators.machines.packml import State
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability
from simulators.machines.unit import UNIT_SIGNALS, Unit

_CREEP, _FRICTION = 0.5, 0.35
_CUSHION = 8.0
"""Seconds of bottles before and behind a machine with which it runs at full speed."""
_AIR_SWITCH = 4.5
_BAR_LOW = frozenset({"minor_stop"})
READY = frozenset(
    {
        State.STARTING,
        State.EXECUTE,
        State.HOLDING,
        State.HELD,
        State.UNHOLDING,
        State.SUSPENDING,
        State.SUSPENDED,
        State.UNSUSPENDING,
        State.COMPLETING,
    }
)
"""The states in which pumps and suction run."""

PACKAGING_SIGNALS = (
    *UNIT_SIGNALS,
    Signal("machine_speed", "float", "1/min", "Bottles a minute at the present speed", 1, low=0.0),
    Signal("drive_current", "float", "A", "Of the pumps' or the suction's motor, a phase", 2, noise=0.02, low=0.0),
)
"""What each machine of the line tells, before what is its kind's own."""


class Bottle(NamedTuple):
    """What a product is filled into.

    Attributes:
        weight: Nominal weight of its content in g.
        empty: Weight of the empty bottle with cap and label in g.
        torque: With which it is closed, in N*m.
    """

    weight: float
    empty: float
    torque: float


@lru_cache(maxsize=1024)
def bottle(product: str) -> Bottle:
    """Return the bottle of a product."""
    draw = random.Random(f"bottle {product}")
    weight = draw.choice((250.0, 330.0, 500.0, 750.0, 1000.0))
    return Bottle(weight, round(8 + 0.024 * weight, 1), round(draw.uniform(1.4, 2.2), 1))


class PackagingMachine(Unit):
    """A machine of the line.

    Attributes:
        asleep: kW outside planned time.
        standby: kW as long as it is planned to run.
        drive: kW of the main drive at full speed.
        pump: kW of the motor that starts directly: its rating.
        draws: Free air at full speed, in m3/min.
    """

    least_cycle = 0.15
    asleep: ClassVar[float] = 0.08
    standby: ClassVar[float]
    drive: ClassVar[float]
    pump: ClassVar[float]
    draws: ClassVar[float]

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._pace = Lag(0.0, 2.5)
        self._pump = InductionMotor(self.pump, efficiency=0.86, power_factor=0.82, run_up=0.5)
        self._unrest = Wander(self.random, 0.03, 6.0)
        self._speed = 0.0
        self._rejected_before = 0

    @abstractmethod
    def work(self, surroundings: Surroundings, *, bad: bool) -> None:
        """Let a second pass for what is the kind's own; `bad`: whether it rejected a bottle in this second."""

    def cycle(self, order: Order) -> float:
        """Return how long the next cycle takes at the present speed."""
        return order.ideal_cycle * self.batch / max(_CREEP, self._pace.value)

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second; without compressed air it is held."""
        if surroundings.air_pressure < _AIR_SWITCH:
            surroundings = surroundings._replace(troubles=surroundings.troubles | _BAR_LOW)
        return super().run(surroundings)

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        state, order = self._states.state, surroundings.order
        pace = self._pace.follow(self._wanted(surroundings, order) if self.runs and order is not None else 0.0)
        if pace < 0.005:  # noqa: PLR2004
            pace = self._pace.value = 0.0
        slow = 1.5 if "slow" in surroundings.troubles else 1.0
        unrest = self._unrest.follow()
        self._speed = 60 * pace / (order.ideal_cycle * slow) * (1 + 0.06 * unrest) if order is not None else 0.0
        awake = surroundings.planned or state is not State.STOPPED
        ready = state in READY
        self.air = self.draws * (0.15 + 0.85 * pace) * (1 + unrest) if ready else 0.0
        self.work(surroundings, bad=self.rejected > self._rejected_before)
        self._rejected_before = self.rejected
        power = self.standby if awake else self.asleep
        power += self._pump.turn((0.35 + 0.5 * pace) * (1 + unrest)) if ready else self._pump.rest()
        if pace:
            power += self.drive * (_FRICTION + (1 - _FRICTION) * pace) * (1 + unrest)
        return power

    def _wanted(self, surroundings: Surroundings, order: Order) -> float:
        """Return the share of its full speed at which it should run."""
        cushion = _CUSHION / order.ideal_cycle + self.batch
        level = min(1.0, surroundings.supply / cushion, surroundings.room / cushion)
        return (_CREEP + (1 - _CREEP) * level) / (1 + self.how.loss)

    def packaging_values(self) -> dict[str, Value]:
        """Return the values of `PACKAGING_SIGNALS`."""
        values = self.unit_values()
        values["machine_speed"] = self._speed
        values["drive_current"] = self._pump.current
        return values
