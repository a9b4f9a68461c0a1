"""A CNC milling machine with three axes: spindle, tools that wear, a bearing that warms up.

Laws and figures:

- Spindle: to reach a speed takes the kinetic energy J w^2 / 2 of what turns, all within a second or two: the peak of
  power at each start. Braking burns it in a resistor. J = 0.02 kg m2 is usual for 15 kW and 12,000 1/min.
- Tools: flank wear VB grows with the time of cut; at 0.3 mm the tool is worn out (ISO 3685) and is changed.
- Vibration: velocity r.m.s. of the spindle housing grows with load and wear; above 4.5 mm/s a machine of this size is
  no longer satisfactory (ISO 20816-1, zone C).
- Bearing: warms with speed and load, with a time constant of 20 minutes.
- Door: a lock holds it until the spindle stands (ISO 16090-1). It is open while the part is changed, and whenever
  somebody has to do in the machine: in a small stop, a repair, a change of product.
- Alarm: from the break down on until the repair is done. Numbers from 700000 on are the machine maker's own, as in a
  widespread control.
- Base load: controls, hydraulics and fans draw 1.2 kW as long as the machine is on, whether it cuts or not.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import NamedTuple

from simulators.machines.device import Surroundings
from simulators.machines.packml import Mode, State
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability
from simulators.machines.unit import UNIT_SIGNALS, Unit

_RATED = 15.0
_STANDBY, _ASLEEP, _COOLANT, _AXES = 1.2, 0.3, 0.9, 0.00012
"""kW: the spindle's rating, the machine on, the machine asleep, the coolant pump, and per mm/min of feed."""
_INERTIA = 0.02
_WORN_OUT = 0.3
_TOOL_LIFE = 2700.0
"""mm of flank wear, and about how many seconds of full cut bring it."""
_FASTEST = 12_000.0
_FLOOR, _STEADY = 0.05, 1_000.0
"""mm/s that come through the floor while nothing turns, and 1/min above which unbalance is felt in full."""
_STANDSTILL = 100.0
"""1/min of the spindle, below which the lock lets the door go."""
_ALARMS = (700_012, 700_024, 700_031, 700_107)
"""Coolant pressure, chip conveyor, tool changer, spindle overload."""
_BROKEN = (State.ABORTING, State.ABORTED)
_ATTENDED = (State.HELD, State.ABORTED)
"""States in which somebody does something in the machine."""


class Operation(NamedTuple):
    """What is done with one tool in a cycle.

    Attributes:
        until: Share of the cycle at which it ends.
        tool: Number of the tool; 0 while the part or the tool is changed.
        speed: Of the spindle in 1/min.
        load: Of the spindle in percent of its rating, with a sharp tool.
        feed: In mm/min.
    """

    until: float
    tool: int
    speed: float
    load: float
    feed: float


@lru_cache(maxsize=1024)
def program(product: str) -> tuple[Operation, ...]:
    """Return the program that makes a product: the part is changed, then three to six tools cut, one after another."""
    draw = random.Random(f"program {product}")
    tools = draw.sample(range(1, 13), draw.randint(3, 6))
    operations = [Operation(0.14, 0, 0.0, 0.0, 0.0)]
    share = 0.86 / len(tools)
    for number, tool in enumerate(tools):
        begin = 0.14 + number * share
        speed = round(draw.uniform(2_500, 11_500), -2)
        cut = Operation(begin + share, tool, speed, draw.uniform(18, 75), round(draw.uniform(600, 4_200), -1))
        operations += [Operation(begin + 0.12 * share, 0, 0.0, 0.0, 12_000.0), cut]
    return tuple(operations)


_AT_REST = Operation(1.0, 0, 0.0, 0.0, 0.0)


class CncMill(Unit):
    """A CNC milling machine."""

    kind = "cnc_mill"
    title = "CNC mill"
    least_cycle = 10.0
    reliability = Reliability(mtbf=10 * 3600, mttr=900, stops=2400, stop=90, scrap=0.012, loss=0.03, setup=1500)
    signals = (
        *UNIT_SIGNALS,
        Signal("tool", "int", "", "Number of the tool in the spindle, 0 while it is changed"),
        Signal("spindle_speed", "float", "1/min", "Speed of the spindle", 0, noise=4.0, low=0.0, high=_FASTEST),
        Signal("spindle_load", "float", "percent", "Of the rated power of the spindle", 1, noise=0.4, low=0.0),
        Signal("feed_rate", "float", "mm/min", "Speed of the table against the tool", 0, low=0.0),
        Signal("tool_wear", "float", "mm", "Flank wear of the tool that is worn most", low=0.0),
        Signal("vibration", "float", "mm/s", "Velocity r.m.s. at the spindle's housing", 2, noise=0.05, low=0.0),
        Signal("temperature", "float", "degC", "Front bearing of the spindle", 1, 0.06, 0.15, low=-20.0, high=150.0),
        Signal("door_open", "bool", "", "Whether the door to the working space is open"),
        Signal("alarm", "int", "", "Number of the alarm that stands, 0 if none"),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._operation = _AT_REST
        self._speed = Lag(0.0, 0.7)
        self._bearing = Lag(22.0, 1200.0)
        self._unrest = Wander(self.random, 0.06, 2.5)
        self._wear = [0.0, *(self.random.uniform(0.0, 0.8) * _WORN_OUT for _ in range(12))]  # there is no tool 0
        self._spindle_load = 0.0
        self._vibration = 0.0
        self._door_open = False
        self._alarm = 0

    def scrap(self) -> float:
        """Return how likely the part is bad: up to four times as likely with a tool that is worn out."""
        return self.how.scrap * (1 + 3 * (max(self._wear) / _WORN_OUT) ** 2)

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        self._operation = operation = self._now()
        before = self._speed.value
        speed = self._speed.follow(operation.speed)
        wear = self._wear[operation.tool]
        dull = wear / _WORN_OUT
        unrest = self._unrest.follow()
        self._spindle_load = (
            operation.load * (1 + 0.25 * dull) * (1 + unrest) if operation.tool else speed / _FASTEST * 4
        )
        turns = min(1.0, speed / _STEADY)
        self._vibration = (
            _FLOOR + turns * 0.35 + 1.1 * speed / _FASTEST + 1.6 * self._spindle_load / 100 * (1 + dull**2)
        ) * (1 + unrest)
        self._wear_out(operation)
        self._door_open = self._is_attended(operation) and speed < _STANDSTILL
        if self.state not in _BROKEN:
            self._alarm = 0
        elif not self._alarm:
            self._alarm = self.random.choice(_ALARMS)
        self._bearing.follow(surroundings.ambient + 17 * speed / _FASTEST + 0.09 * self._spindle_load)
        awake = surroundings.planned or self.state is not State.STOPPED
        base = _STANDBY + (_COOLANT if operation.tool else 0.0) if awake else _ASLEEP
        turning = (2 * math.pi / 60) ** 2 * _INERTIA / 2 * (speed**2 - before**2) / 1000
        return base + _AXES * operation.feed + _RATED * self._spindle_load / 100 + max(0.0, turning)

    def _now(self) -> Operation:
        if not self.runs or not self.in_work:
            return _AT_REST
        done = self.progress
        return next((operation for operation in program(self.product) if done < operation.until), _AT_REST)

    def _is_attended(self, operation: Operation) -> bool:
        """Return whether somebody wants the door open: to change the part, or for what is wrong."""
        if self.runs:
            return not operation.feed
        return self.state in _ATTENDED or self.mode is Mode.SETUP

    def _wear_out(self, operation: Operation) -> None:
        """Wear the tool, and change it when it is worn out."""
        if operation.tool:
            self._wear[operation.tool] += _WORN_OUT / _TOOL_LIFE * operation.load / 50
            if self._wear[operation.tool] >= _WORN_OUT:
                self._wear[operation.tool] = 0.0

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        return {
            **self.unit_values(),
            "tool": self._operation.tool,
            "spindle_speed": self._speed.value,
            "spindle_load": self._spindle_load,
            "feed_rate": self._operation.feed,
            "tool_wear": max(self._wear),
            "vibration": self._vibration,
            "temperature": self._bearing.value,
            "door_open": self._door_open,
            "alarm": self._alarm,
        }
