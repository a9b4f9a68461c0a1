"""A continuous oven with three zones, in which paint is cured: parts hang on a conveyor and come out ten minutes later.

Laws and figures:

- Zones: 42 kW each, recirculated air, sheet metal and mineral wool of 650 kJ/K; losses by walls and exhaust air, and by
  the openings of the first and the last. It takes about an hour until all are at 160 to 205 degC, the usual range of
  powder coatings, and ten minutes more until the walls are; it starts only then.
- Control: PI for each zone, which overshoots by a kelvin or two.
- Parts: each follows the air with a time constant of 150 s (steel of 3 mm in moving air); what they take is drawn from
  their zone, most in the first. The parts of a zone are counted with their mean temperature.
- Fans: 4 kW each, started one after the other at three times this for a second; after the heat is
  switched off they flush the oven with air of the hall until it is below 90 degC.
- Between shifts heat is kept for 75 minutes, then it is switched off.
- A part that is stuck inside for half as long again as it should be is spoilt, as is one that has not become warm.
- At the end of its work it first runs empty (the state Completing): parts come out, but none enters.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import NamedTuple

from simulators.machines.device import Order, Surroundings
from simulators.machines.heating import OFF, HeatedZone
from simulators.machines.oven_load import LENGTH, OvenLoad, Part
from simulators.machines.packml import State
from simulators.machines.physics import Lag
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability, States
from simulators.machines.unit import LEAST_CYCLE, UNIT_SIGNALS, Unit

_ASLEEP, _CONTROLS, _BELT, _FAN, _FAN_START = 0.15, 0.8, 0.9, 4.0, 12.0
"""kW: all off, the controls, the conveyor, a fan, and a fan in its first second."""
_RATED, _CAPACITY = 42.0, 650.0
_LOSS = (0.05, 0.04, 0.05)
_EXHAUST, _FLUSH = 0.02, 0.08
"""kW/K of each zone: of its walls and openings, and of the exhaust while the fans run, heated and cooling down."""
_CARRIERS = 2.5
"""kW that the conveyor carries out of the first zone."""
_SWITCH_OFF, _COOL = 4500, 90.0
_SOAK, _TOLERANCE, _RAW = 600.0, 6.0, 15.0
_FAN_EVERY = 5
_SLOWED, _SCRAPPED, _SPOILT, _STUCK = 1.5, 1 / 3, 0.9, 1.5
_CARRYING = frozenset(
    {State.EXECUTE, State.COMPLETING, State.STOPPING, State.SUSPENDING, State.SUSPENDED, State.UNSUSPENDING}
)


class Curing(NamedTuple):
    """How a product is cured.

    Attributes:
        temperature: Of the air, in degC.
        seconds: How long a part is inside.
        flow: kW that the parts take when the conveyor is full.
    """

    temperature: float
    seconds: float
    flow: float


@lru_cache(maxsize=1024)
def curing(product: str) -> Curing:
    """Return how a product is cured."""
    draw = random.Random(f"oven {product}")
    temperature = round(draw.uniform(160, 205), -1)
    # Long enough for parts to come within 10 K of the air: with a lag of their own and of their zone's mean.
    seconds = 240 * math.log((temperature - 22) / 10) * draw.uniform(1.0, 1.25)
    return Curing(temperature, round(seconds, -1), draw.uniform(10, 24))


class Oven(Unit):
    """A continuous oven."""

    kind = "oven"
    title = "Industrial oven"
    least_cycle = 2.0
    reliability = Reliability(mtbf=60 * 3600, mttr=1800, stops=5400, stop=60, scrap=0.008, loss=0.03, setup=600)
    signals = (
        *UNIT_SIGNALS,
        Signal("setpoint", "float", "degC", "Of the air in all zones", 0),
        *(
            Signal(f"zone_temperature_{zone}", "float", "degC", f"Air in zone {zone}", 1, noise=0.15, drift=0.2)
            for zone in (1, 2, 3)
        ),
        *(
            Signal(f"zone_heating_{zone}", "float", "percent", f"Of the heater of zone {zone}", 1, low=0.0, high=100.0)
            for zone in (1, 2, 3)
        ),
        Signal("part_temperature", "float", "degC", "Surface at the exit, by pyrometer", 1, noise=0.8, drift=0.5),
        Signal("belt_speed", "float", "m/min", "Speed of the conveyor", 2, noise=0.005, low=0.0),
        Signal("parts_inside", "int", "", "Parts in the oven"),
        Signal("fans_on", "int", "", "Fans of recirculation that run"),
        Signal("ready", "bool", "", "Whether all zones are at their temperature"),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._acting = dict(self.acting)
        self._states = States(self.random, self.how, self._acting)
        self._plan = curing("")
        self._zones = [
            HeatedZone(22.0, rated=_RATED, capacity=_CAPACITY, loss=loss, band=12.0, reset=400.0, lag=40.0)
            for loss in _LOSS
        ]
        self._inside = OvenLoad(22.0)
        self._belt = Lag(0.0, 1.5)
        self._second = 0
        self._due = 0.0
        self._unused = _SWITCH_OFF
        self._fans = self._fan_clock = 0
        self._moved = False

    @property
    def in_work(self) -> int:
        """Parts that are in the oven."""
        return self.taken - self.finished

    def _can_go_on(self, surroundings: Surroundings) -> bool:
        return surroundings.supply >= 1 and (surroundings.room >= 1 or not self._inside.waits())

    def _produce(self, surroundings: Surroundings, order: Order) -> None:
        """Move the conveyor for a second, and hang parts on it."""
        self._plan = curing(order.product)
        self._carry(surroundings)
        waits = self._inside.blocked
        if not waits:
            self._due -= 1
            while self._due <= 0:
                if surroundings.supply <= self.took:
                    self._due = 0.0
                    waits = True
                    break
                self._enter(surroundings, order)
        self._waits = self._waits + 1 if waits else 0
        self._states.ran(0.0 if waits else 1.0)

    def _enter(self, surroundings: Surroundings, order: Order) -> None:
        pitch = max(LEAST_CYCLE, self.cycle(order)) * (_SLOWED if "slow" in surroundings.troubles else 1.0)
        self._due += pitch
        self.took += 1
        self.taken += 1
        heat = self._plan.flow * order.ideal_cycle / (self._plan.temperature - 21)
        part = Part(self._inside.way, self._second, order.ideal_cycle, pitch, heat)
        self._inside.enter(part, surroundings.ambient)

    def _carry(self, surroundings: Surroundings) -> None:
        """Move the conveyor for a second, and take off what comes out."""
        self._moved = True
        usual = self._plan.seconds
        raw = self._inside.temperatures[-1] < self._plan.temperature - _RAW
        for part in self._inside.move(LENGTH / usual, surroundings.room - self.gave):
            if "scrap" in surroundings.troubles:
                scrap = _SCRAPPED
            elif raw or self._second - part.second > _STUCK * usual:
                scrap = _SPOILT
            else:
                scrap = self.scrap()
            bad = self.random.random() < scrap
            self.finished += 1
            self.rejected += bad
            self.gave += not bad
            self.last_cycle = part.pitch
            self.truth.ideal += part.ideal

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        self._second += 1
        state, inside, ambient = self.state, self._inside, surroundings.ambient
        if self.product:
            self._plan = curing(self.product)
        if state in _CARRYING and not self._moved:
            self._carry(surroundings)
        moves, self._moved = self._moved and not inside.blocked, False
        self._belt.follow(LENGTH / self._plan.seconds * 60 if moves else 0.0)
        on = surroundings.planned or state is not State.STOPPED
        self._unused = 0 if on else self._unused + 1
        power = (_CONTROLS if on else _ASLEEP) + (_BELT if moves else 0.0)
        power += self._blow(warm=self._unused < _SWITCH_OFF) + self._heat(ambient, moves=moves)
        self._foresee(ambient)
        return power

    def _blow(self, *, warm: bool) -> float:
        """Run the fans, and return what they draw."""
        if not warm and self._zones[0].temperature < _COOL:
            self._fans = self._fan_clock = 0
        elif warm or self._fans:
            self._fan_clock += 1
            if self._fans < len(self._zones) and self._fan_clock % _FAN_EVERY == 0:
                self._fans += 1
                return _FAN * (self._fans - 1) + _FAN_START
        return _FAN * self._fans

    def _heat(self, ambient: float, *, moves: bool) -> float:
        """Hold the zones at their temperature, and return what their heaters draw."""
        first, second, third = self._zones
        taken = self._inside.follow((first.temperature, second.temperature, third.temperature))
        taken[0] += _CARRIERS * (first.temperature - ambient) / 150 if moves else 0.0
        blown, warm = self._fans == len(self._zones), self._unused < _SWITCH_OFF
        setpoint = self._plan.temperature if blown and warm else OFF
        leaves = (_EXHAUST if warm else _FLUSH) if self._fans else 0.0
        power = 0.0
        for zone, drawn in zip(self._zones, taken, strict=True):
            power += zone.follow(setpoint, ambient, drawn + leaves * (zone.temperature - ambient))
        return power

    def _foresee(self, ambient: float) -> None:
        """Foresee how long the next start must wait for the zones, and the next end for the last part."""
        if self.state is State.STOPPED:
            target = self._plan.temperature
            coldest = min(self._zones, key=_temperature)
            lacks = target - coldest.temperature
            wait = 0.0
            if lacks > _TOLERANCE:
                wait = 1.35 * coldest.seconds_to(target, ambient) + _SOAK * min(1.0, lacks / 60)
            self._acting[State.RESETTING] = self.acting[State.RESETTING] + round(wait)
        else:
            empties = round(self._inside.left / LENGTH * self._plan.seconds) + 5 if self._inside.left else 1
            self._acting[State.COMPLETING] = self._acting[State.STOPPING] = empties

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        first, second, third = self._zones
        target = self._plan.temperature
        return {
            **self.unit_values(),
            "setpoint": target if self._unused < _SWITCH_OFF else 0.0,
            "zone_temperature_1": first.temperature,
            "zone_temperature_2": second.temperature,
            "zone_temperature_3": third.temperature,
            "zone_heating_1": 100 * first.duty,
            "zone_heating_2": 100 * second.duty,
            "zone_heating_3": 100 * third.duty,
            "part_temperature": self._inside.temperatures[-1],
            "belt_speed": self._belt.value,
            "parts_inside": self.in_work,
            "fans_on": self._fans,
            "ready": all(zone.temperature > target - _TOLERANCE for zone in self._zones),
        }


def _temperature(zone: HeatedZone) -> float:
    return zone.temperature
