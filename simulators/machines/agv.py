"""An automated guided vehicle: it carries loads from one place to another, and charges its battery in between.

Laws and figures:

- Motion: straight moves, with a turn on the spot between two; it runs up and slows down in about 3 s at both ends of
  each, and never exceeds 1.7 m/s, which is usual for vehicles that meet people.
- Drive: rolling resistance F = c m g with c = 0.02 (polyurethane on concrete: 0.015 to 0.03), the kinetic energy
  m v^2 / 2 at each start, at 0.7 for motor and gear; 90 W for controls and laser scanners at any time.
- Battery: 16 cells of lithium iron phosphate, 51 V and 80 Ah. Their open-circuit voltage is flat between 20 and 90 % of
  charge, as data sheets show; under current it differs by the inner resistance of 40 mOhm.
- Charging: 40 A constant current, above 92 % falling (constant voltage), with a charger of 92 % efficiency. Power is
  drawn from the grid only then.

Below 25 % it takes no other load, and is held at the charger up to 80 %; it also charges whenever it has nothing to do.
Its parts are loads: a mission counts from its order to the set-down.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from simulators.machines.device import Order, Surroundings
from simulators.machines.packml import State
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability
from simulators.machines.unit import UNIT_SIGNALS, Unit

Place: TypeAlias = tuple[float, float]

CHARGER: Place = (3.0, 1.5)
"""m east and north of a corner of the hall."""
_FASTEST, _ACCELERATION, _RAMP = 1.7, 0.7, 3.0
"""m/s, m/s2 at the most, and seconds in which it runs up for a move."""
_USUAL = 0.8
"""m/s of the way of a mission, turns and all."""
_BEHIND = 5.0
"""m from where it was interrupted, above which it first goes back there."""
_EMPTY, _RESISTANCE, _GRAVITY, _EFFICIENCY = 320.0, 0.02, 9.81, 0.7
"""kg, coefficient of rolling resistance, m/s2, of motor and gear."""
_CONTROLS = 90.0
"""W."""
_CAPACITY, _OHM = 80.0, 0.04
_LOW, _ENOUGH, _FULL, _AGAIN = 25.0, 80.0, 99.5, 96.0
"""Percent of charge: it must charge below, it may leave above, it is full, and charges again below."""
_CHARGE, _FALLS_FROM, _CHARGER_EFFICIENCY = 40.0, 92.0, 0.92
_OPEN = ((0.0, 45.0), (5.0, 49.6), (12.0, 51.2), (25.0, 52.2), (45.0, 52.6), (70.0, 53.1), (92.0, 53.4), (100.0, 54.3))
"""Percent of charge, and the open-circuit voltage there."""
_OPEN_AT = tuple(charge for charge, _ in _OPEN)
_RESTING = frozenset({State.STOPPED, State.IDLE, State.COMPLETE})
_STANDING = frozenset({State.ABORTING, State.ABORTED, State.CLEARING, State.HOLDING, State.HELD, State.UNHOLDING})
_HOLD = frozenset({"minor_stop"})


class Move(NamedTuple):
    """A part of a mission.

    Attributes:
        until: Share of the mission at which it ends.
        start: Where it begins.
        end: Where it ends.
        ramp: Share of it that it runs up, and slows down.
        load: kg that it carries.
    """

    until: float
    start: Place
    end: Place
    ramp: float
    load: float


@lru_cache(maxsize=1024)
def mission(product: str, ideal_cycle: float) -> tuple[Move, ...]:
    """Return the moves for a product: from the last set-down to the pick-up, and loaded back. They last 1 together."""
    draw = random.Random(f"mission {product}")
    load = float(draw.randrange(60, 460, 10))
    pick = (draw.uniform(2.0, 7.0), draw.uniform(3.0, 9.0))
    leg = 0.2 * ideal_cycle
    straight = min(leg * _USUAL, 45.0)
    bend = draw.uniform(0.4, 0.6)
    corner = (pick[0] + 2 * straight * bend, pick[1])
    drop = (corner[0], corner[1] + 2 * straight * (1 - bend))
    ramp = min(0.35, _RAMP / leg)
    return (
        Move(0.19, drop, corner, ramp, 0.0),
        Move(0.38, corner, pick, ramp, 0.0),
        Move(0.50, pick, pick, ramp, load),
        Move(0.69, pick, corner, ramp, load),
        Move(0.88, corner, drop, ramp, load),
        Move(1.00, drop, drop, ramp, load),
    )


def way(share: float, ramp: float) -> float:
    """Return how much of a move is behind it after a share of its time, when it runs up and slows down evenly."""
    if share > 0.5:  # noqa: PLR2004
        return 1 - way(1 - share, ramp)
    run = share - ramp / 2 if share > ramp else share * share / (2 * ramp)
    return run / (1 - ramp)


def open_voltage(charge: float) -> float:
    """Return the voltage without a current, at a percentage of charge."""
    above = min(max(1, bisect_right(_OPEN_AT, charge)), len(_OPEN) - 1)
    (low, from_volts), (high, to_volts) = _OPEN[above - 1], _OPEN[above]
    return from_volts + (to_volts - from_volts) * (charge - low) / (high - low)


class Agv(Unit):
    """An automated guided vehicle."""

    kind = "agv"
    title = "Automated guided vehicle"
    least_cycle = 20.0
    reliability = Reliability(mtbf=40 * 3600, mttr=900, stops=1100, stop=25, scrap=0.001, loss=0.12, setup=60)
    acting = {State.RESETTING: 3, State.STARTING: 3, State.CLEARING: 10}  # noqa: RUF012
    signals = (
        *UNIT_SIGNALS,
        Signal("x", "float", "m", "Position, east", 2, noise=0.008),
        Signal("y", "float", "m", "Position, north", 2, noise=0.008),
        Signal("speed", "float", "m/s", "Mean of the last second", 2, noise=0.0015, low=0.0),
        Signal("payload", "float", "kg", "On its deck", 1, noise=0.5, low=0.0),
        Signal("charging", "bool", "", "Whether it charges"),
        Signal("battery_charge", "float", "percent", "State of charge", 1, low=0.0, high=100.0),
        Signal("battery_voltage", "float", "V", "At the terminals", 2, noise=0.02),
        Signal("battery_current", "float", "A", "Into the battery; negative while it is discharged", 1, noise=0.1),
        Signal("battery_temperature", "float", "degC", "Of the warmest cell", 1, noise=0.05),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._moves: tuple[Move, ...] = ()
        self._x, self._y = CHARGER
        self._speed = self._load_kg = 0.0
        self._charge = self.random.uniform(70.0, 100.0)
        self._low = self._charging = self._behind = False
        self._voltage, self._current = open_voltage(self._charge), 0.0
        self._cells = Lag(23.0, 3600.0)
        self._floor = Wander(self.random, 0.08, 4.0)

    def cycle(self, order: Order) -> float:
        """Return how long the next mission takes; traffic makes it longer."""
        moves = mission(order.product, order.ideal_cycle)
        here, pick = (self._x, self._y), moves[1].end
        corner = (here[0], pick[1])
        self._moves = (moves[0]._replace(start=here, end=corner), moves[1]._replace(start=corner), *moves[2:])
        return super().cycle(order)

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second; with a low battery it takes no other mission, and is held."""
        if self._low:
            low = surroundings.troubles if self._loaded else surroundings.troubles | _HOLD
            surroundings = surroundings._replace(supply=0, troubles=low)
        return super().run(surroundings)

    def _produce(self, surroundings: Surroundings, order: Order) -> None:
        """Go on with the mission, or first back to where it was interrupted."""
        if self._loaded and self._behind:
            self._states.ran(1.0)
        else:
            super()._produce(surroundings, order)

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        before = self._speed
        self._drive()
        speed = self._speed
        floor = self._floor.follow()
        mass = _EMPTY + self._load_kg
        rolling = _RESISTANCE * mass * _GRAVITY * speed * (1 + floor)
        faster = max(0.0, mass * (speed * speed - before * before) / 2)
        watts = _CONTROLS + (rolling + faster) / _EFFICIENCY
        return self._supply(watts, surroundings.ambient)

    def _drive(self) -> None:
        """Go on to where it should be, as fast as it may."""
        x, y = self._where()
        away = math.hypot(x - self._x, y - self._y)
        fastest = min(_FASTEST, self._speed + _ACCELERATION)
        if away <= fastest:
            self._x, self._y = x, y
        else:
            self._x += (x - self._x) * fastest / away
            self._y += (y - self._y) * fastest / away
        self._speed = min(away, fastest)
        self._behind = away - self._speed > _BEHIND

    def _where(self) -> Place:
        """Return where it should be now."""
        state, loaded = self._states.state, self._loaded
        if not loaded:
            self._load_kg = 0.0
            if state in _RESTING or state is State.SUSPENDED or (state is State.HELD and self._low):
                return CHARGER
        elif state in _RESTING:
            return CHARGER
        done = self.progress
        if state in _STANDING or not loaded or done >= 1:
            return self._x, self._y
        began = 0.0
        move = self._moves[-1]
        for move in self._moves:
            if done < move.until:
                break
            began = move.until
        share = way(min(1.0, (done - began) / (move.until - began)), move.ramp)
        self._load_kg = move.load if move.start != move.end or share > 0.5 else self._load_kg  # noqa: PLR2004
        (from_x, from_y), (to_x, to_y) = move.start, move.end
        return from_x + (to_x - from_x) * share, from_y + (to_y - from_y) * share

    def _supply(self, watts: float, ambient: float) -> float:
        """Take this power from the battery or, while it charges, from the grid; return kW of the grid."""
        charge = self._charge
        if (self._x, self._y) != CHARGER or charge >= _FULL:
            self._charging = False
        elif charge < _AGAIN:
            self._charging = True
        volts = open_voltage(charge)
        if self._charging:
            share = min(1.0, (100.4 - charge) / (100.4 - _FALLS_FROM))
            self._current = _CHARGE * share
        else:
            self._current = -watts / self._voltage
        self._voltage = volts + _OHM * self._current
        self._charge = charge = min(100.0, max(0.0, charge + self._current / (36.0 * _CAPACITY)))
        self._low = charge < (_ENOUGH if self._low else _LOW)
        self._cells.follow(ambient + 2.0 + 0.006 * self._current**2)
        return (self._voltage * self._current + watts) / _CHARGER_EFFICIENCY / 1000 if self._charging else 0.0

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        return {
            **self.unit_values(),
            "x": self._x,
            "y": self._y,
            "speed": self._speed,
            "payload": self._load_kg,
            "charging": self._charging,
            "battery_charge": self._charge,
            "battery_voltage": self._voltage,
            "battery_current": self._current,
            "battery_temperature": self._cells.value,
        }
