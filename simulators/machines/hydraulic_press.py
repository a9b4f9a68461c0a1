"""A hydraulic press of 2500 kN with an accumulator, as is used for drawing and forming sheet.

Laws and figures:

- Stroke: the ram falls quickly (up to 450 mm/s, oil sucked in from above), presses slowly, holds, lets the pressure go
  before it returns, since oil is compressible, and waits on top while the part is changed.
- Force: pressure times 1000 cm2 of piston (Pascal); rises with the depth to the power of 1.6, as work hardening and
  friction make it, up to 55 to 90 percent of 2500 kN.
- Accumulator: 160 l of nitrogen, filled to 150 bar, p V^1.25 constant (between isothermal and adiabatic); the pump
  is loaded at 215 bar and unloaded at 250 bar, which gives the sawtooth of such systems. It starts with a full one.
- Pump: 130 l/min; loaded it draws pressure times flow over 0.85, which is up to 64 kW, and unloaded 9 kW. Its motor of
  55 kW is started in star-delta (about twice the rating, as a mean of the first second) and switched off after ten
  minutes without a stroke.
- Oil: 800 l. What is throttled becomes heat, about half of the pump's work; a cooler switches on at 50 and off
  at 45 degC. Warm oil leaks more past pump and valves.
- Guideways and filter: the filter's pressure drop grows with the hours run, and with cold, thick oil.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import ClassVar, NamedTuple

from simulators.machines.device import Order, Surroundings
from simulators.machines.packml import State
from simulators.machines.phased import Phase, PhasedUnit, Phases
from simulators.machines.physics import Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability
from simulators.machines.unit import UNIT_SIGNALS

_ASLEEP, _CONTROLS, _UNLOADED, _START, _COOLER = 0.15, 0.9, 9.0, 105.0, 2.2
"""kW: all off, the controls, the pump unloaded, the first second of its motor, and the cooler."""
_FLOW, _EFFICIENCY = 130 / 60, 0.85
_LOADS, _UNLOADS, _PRECHARGE, _GAS, _EXPONENT = 215.0, 250.0, 150.0, 160.0, 1.25
"""bar at which the pump is loaded and unloaded, and of the nitrogen without oil; its volume in l; its exponent."""
_STROKE, _RATED, _AREA = 500.0, 2500.0, 10.0
"""mm; kN; kN for each bar."""
_OIL_PER_MM, _RETURN_PER_MM = 0.1, 0.014
"""l that the piston takes to press, and the ring on its other side to return, for each mm."""
_SWITCH_OFF = 600
_HEAT_CAPACITY = 1250.0
_COOLER_ON, _COOLER_OFF, _COOLED = 50.0, 45.0, 28.0
_PUMP_RUNS = frozenset({State.STARTING, State.EXECUTE, State.UNHOLDING, State.UNSUSPENDING})


class Stroke(NamedTuple):
    """How a product is pressed.

    Attributes:
        phases: Of a cycle; the load of each is the oil it takes, in l/s.
        way: From the upper dead centre to the lower, in mm.
        contact: Where the tool meets the sheet, in mm above the lower dead centre.
        force: Greatest force in kN.
    """

    phases: Phases
    way: float
    contact: float
    force: float


@lru_cache(maxsize=1024)
def stroke(product: str, seconds: float) -> Stroke:
    """Return how a product is pressed in cycles of so many seconds; where they are short, so is the way."""
    draw = random.Random(f"press {product}")
    contact = draw.uniform(25, 70)
    force = round(_RATED * draw.uniform(0.55, 0.9), -1)
    hold = min(draw.uniform(0.6, 2.0), 0.12 * seconds)
    oil = contact * _OIL_PER_MM + _STROKE * _RETURN_PER_MM
    size = min(1.0, 0.75 * _FLOW * seconds / oil)  # what the pump can bring in the time
    contact, way = contact * size, _STROKE * size
    ways = (
        ("approach", min(1.6, 0.16 * seconds), 0.3),
        ("press", min(2.4, 0.18 * seconds), contact * _OIL_PER_MM),
        ("hold", hold, 0.02 * hold),
        ("decompress", min(0.5, 0.04 * seconds), 0.0),
        ("return", min(2.0, 0.18 * seconds), way * _RETURN_PER_MM),
    )
    phases = [Phase(name, took, litres / took) for name, took, litres in ways]
    phases.append(Phase("change", max(0.1 * seconds, seconds - sum(phase.seconds for phase in phases)), 0.0))
    return Stroke(Phases(phases), way, contact, force)


class HydraulicPress(PhasedUnit):
    """A hydraulic press."""

    kind = "hydraulic_press"
    title = "Hydraulic press"
    least_cycle = 1.5
    reliability = Reliability(mtbf=20 * 3600, mttr=1500, stops=2000, stop=50, scrap=0.01, loss=0.05, setup=1800)
    acting: ClassVar[dict[State, int]] = {State.RESETTING: 5, State.STARTING: 30, State.CLEARING: 20}
    signals = (
        *UNIT_SIGNALS,
        Signal("press_phase", "text", "", "Phase of the stroke: approach, press, hold, decompress, return, change"),
        Signal("stroke_count", "int", "", "Strokes since it was built"),
        Signal("ram_position", "float", "mm", "Height of the ram above its lower dead centre", 1, noise=0.03, low=0.0),
        Signal("ram_speed", "float", "mm/s", "Speed of the ram, downwards positive", 0, noise=0.4),
        Signal("force", "float", "kN", "Pressing force", 0, noise=3.0, low=0.0, high=3000.0),
        Signal("peak_force", "float", "kN", "Greatest force of the last stroke", 0, low=0.0),
        Signal("cylinder_pressure", "float", "bar", "Oil above the piston", 1, noise=0.4, low=0.0, high=400.0),
        Signal("system_pressure", "float", "bar", "Oil in the accumulator", 1, noise=0.4, low=0.0, high=400.0),
        Signal("pump_on", "bool", "", "Whether the pump's motor turns"),
        Signal("pump_loaded", "bool", "", "Whether the pump fills the accumulator"),
        Signal("oil_temperature", "float", "degC", "Oil in the tank", 1, noise=0.08, drift=0.1),
        Signal("oil_level", "float", "percent", "Filling of the tank", 1, noise=0.1, low=0.0, high=100.0),
        Signal("cooler_on", "bool", "", "Whether the oil is cooled"),
        Signal("filter_pressure_drop", "float", "bar", "Over the return filter", 2, noise=0.01, low=0.0),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._plan = stroke("", 12.0)
        self._oil = 22.0
        self._stored = 0.0
        self._pressure = _PRECHARGE
        self._pump = self._loaded_pump = self._cooler = False
        self._unused = _SWITCH_OFF
        self._strokes_before = self.random.randrange(200_000, 3_000_000)
        self._clogged = self.random.uniform(0.1, 0.6)
        self._force = self._peak = 0.0
        self._spread = Wander(self.random, 0.012, 1200.0)

    def cycle(self, order: Order) -> float:
        """Return how long the next cycle takes, and how hard this sheet is to form."""
        self._peak = self._force
        self._plan = stroke(order.product, order.ideal_cycle)
        scatter = self._spread.value + self.random.gauss(0.0, 0.006)
        self._force = min(_RATED, self._plan.force * (1 + scatter))
        return super().cycle(order)

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        self._spread.follow()
        drawn = self.advance(self._plan.phases)
        on = surroundings.planned or self.state is not State.STOPPED
        power = _CONTROLS if on else _ASLEEP
        power += self._pump_oil(drawn)
        power += self._cool(surroundings.ambient, power)
        return power

    def _pump_oil(self, drawn: float) -> float:
        """Fill the accumulator, take from it what the ram draws in litres, and return what the pump draws in kW."""
        self._unused = 0 if self.state in _PUMP_RUNS else self._unused + 1
        leak = 0.012 * (1 + max(0.0, self._oil - 40) / 20) * (self._pressure > _PRECHARGE)
        taken = drawn + leak
        starts = not self._pump and self.state in _PUMP_RUNS
        self._pump = starts or (self._pump and self._unused < _SWITCH_OFF)
        power = 0.0
        if not self._pump:
            self._loaded_pump = False
        elif starts:
            power = _START
        else:
            if self._pressure <= _LOADS:
                self._loaded_pump = True
            elif self._pressure >= _UNLOADS:
                self._loaded_pump = False
            power = _UNLOADED
            if self._loaded_pump:
                self._stored += _FLOW
                self._clogged += 2e-7
                power = max(_UNLOADED, self._pressure * _FLOW / 10 / _EFFICIENCY)
        self._stored = max(0.0, self._stored - taken)
        self._pressure = _PRECHARGE * (_GAS / (_GAS - self._stored)) ** _EXPONENT
        return power

    def _cool(self, ambient: float, power: float) -> float:
        """Warm the oil, and return what its cooler draws."""
        heat = 0.5 * power if self._pump else 0.0
        if self._oil >= _COOLER_ON:
            self._cooler = True
        elif self._oil <= _COOLER_OFF or not self._pump:
            self._cooler = False
        lost = 0.07 * (self._oil - ambient) + (_COOLED if self._cooler else 0.0)
        self._oil += (heat - lost) / _HEAT_CAPACITY
        return _COOLER if self._cooler else 0.0

    def _ram(self) -> tuple[str, float, float, float]:
        """Return phase, height in mm, speed in mm/s and force in kN."""
        if not self.in_work:
            return "idle", self._plan.way, 0.0, 0.0
        index, done = self._plan.phases.at(self.elapsed)
        way, contact, phase = self._plan.way, self._plan.contact, self._plan.phases.all[index]
        bend = math.pi / 2 * math.sin(math.pi * done) / phase.seconds
        smooth = (1 - math.cos(math.pi * done)) / 2
        height, speed, force = way, 0.0, 0.0
        match index:
            case 0:
                height, speed = way - (way - contact) * smooth, (way - contact) * bend
            case 1:
                height, speed, force = contact * (1 - done), contact / phase.seconds, self._force * done**1.6
            case 2:
                height, force = 0.0, self._force
            case 3:
                height, force = 0.0, self._force * (1 - done) ** 2
            case 4:
                height, speed = way * smooth, -way * bend
        if not self.runs:  # it stands where it is, without pressure
            return "idle", height, 0.0, 0.0
        return phase.name, height, speed, force

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        phase, height, speed, force = self._ram()
        flow = 1.0 if self._pump else 0.0
        cold = max(0.0, 40 - self._oil) / 20
        return {
            **self.unit_values(),
            "press_phase": phase,
            "stroke_count": self._strokes_before + self.finished,
            "ram_position": height,
            "ram_speed": speed,
            "force": force,
            "peak_force": self._peak,
            "cylinder_pressure": force / _AREA,
            "system_pressure": self._pressure if self._stored > 0 else 0.0,
            "pump_on": self._pump,
            "pump_loaded": self._loaded_pump,
            "oil_temperature": self._oil,
            "oil_level": 82.0 - self._stored / 8,
            "cooler_on": self._cooler,
            "filter_pressure_drop": flow * self._clogged * (1 + cold),
        }
