"""An injection moulding machine of 1500 kN with a hydraulic drive and a mould of four cavities.

Laws and figures:

- Cycle: the mould closes in 2 s, is filled in 1 to 2.4 s, held under pressure for 4 to 8 s, cools while the screw
  doses the next shot, and opens; with its setpoints usual for polyolefins and styrenics in handbooks of moulding.
  What it takes longer than ideal is time with an open mould.
- Pressure of the melt before the screw: up to 700 to 1250 bar at the end of filling, about half of it in holding,
  80 bar of back pressure while dosing. Cushion of 4 to 8 mm, whose scatter tells of the check valve. Viscosity wanders
  from shot to shot and takes peak pressure with it.
- Pump: variable displacement, 22 kW; 2.2 kW at no flow. Its motor starts in star-delta: about twice the rating, as a
  mean of the first second. A cycle of 30 s comes to 12 to 15 kW on average, usual for hydraulic machines of the size.
- Barrel: three zones of 4 kW and 20 kJ/K (about 40 kg of steel), bare, so that 5 W/K are lost: 20 minutes to
  temperature, and a quarter of an hour of soaking, as interlocks against a cold start of the screw ask for. The pellets
  cool the first zone, shear warms the last.
- Mould: follows its water (of a tempering unit that is not fed by this machine) within minutes; each shot warms the
  wall by some kelvin, which decay while the part cools: with 4 s, for steel and a sensor some mm below the surface.
- Oil: kept below 45 degC by a cooler; 300 l warm up within an hour.
- The barrel is set back by 40 K after 20 minutes without production, and switched off after 60.
"""

from __future__ import annotations

from typing import NamedTuple

from simulators.machines.device import Order, Surroundings
from simulators.machines.heating import OFF, HeatedZone
from simulators.machines.moulding_recipes import recipe
from simulators.machines.packml import Mode, State
from simulators.machines.phased import PhasedUnit
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability, States
from simulators.machines.unit import UNIT_SIGNALS

_ASLEEP, _CONTROLS, _PUMP_IDLE, _PUMP_START = 0.12, 0.7, 2.2, 42.0
"""kW: all off, controls and fans, the pump at no flow, and the first second of its motor."""
_SET_BACK, _SWITCH_OFF, _LOWERED = 1200, 3600, 40.0
"""Seconds without production until the barrel is set back and switched off, and K of set-back."""
_SOAK, _TOLERANCE = 900.0, 6.0
"""Seconds of soaking after a cold start, and K below its setpoint at which a zone is warm enough."""
_OPEN, _SWITCH_OVER, _RELIEF = 380.0, 14.0, 5.0
"""mm: the open mould, the screw where filling ends, and its travel back after dosing."""
_FORCE_TO_PRESSURE = 170 / 1500
"""bar in the clamping cylinder for each kN."""
_WALL, _HEAT_TO_RISE = 4.0, 4.5
"""Seconds in which the wall's excess decays, and K of the mould over its water for each kW."""
_OIL_MASS = 480.0
"""kJ/K of 300 l of oil."""
_PUMP_OFF = frozenset({State.STOPPED, State.RESETTING, State.ABORTING, State.ABORTED, State.CLEARING, State.IDLE})


class Shot(NamedTuple):
    """What a machine reports of a shot."""

    cushion: float = 0.0
    peak: float = 0.0
    injection_time: float = 0.0
    dosing_time: float = 0.0


_NONE = recipe("")


class MouldingMachine(PhasedUnit):
    """An injection moulding machine."""

    kind = "moulding_machine"
    title = "Injection moulding machine"
    least_cycle = 2.0
    reliability = Reliability(mtbf=16 * 3600, mttr=1200, stops=3600, stop=100, scrap=0.008, loss=0.012, setup=3000)
    batch = 4
    signals = (
        *UNIT_SIGNALS,
        Signal("cycle_phase", "text", "", "Phase of the cycle: clamp, inject, hold, cool, eject; idle between"),
        Signal("barrel_temperature_1", "float", "degC", "Barrel at the hopper", 1, noise=0.08, drift=0.2),
        Signal("barrel_temperature_2", "float", "degC", "Barrel in the middle", 1, noise=0.08, drift=-0.2),
        Signal("barrel_temperature_3", "float", "degC", "Barrel at the nozzle", 1, noise=0.08, drift=0.1),
        Signal("melt_temperature", "float", "degC", "Melt before the screw", 1, noise=0.25, drift=0.3),
        Signal("mould_temperature", "float", "degC", "Mould near the wall of a cavity", 1, noise=0.08, drift=0.1),
        Signal("oil_temperature", "float", "degC", "Hydraulic oil in the tank", 1, noise=0.08),
        Signal("injection_pressure", "float", "bar", "Melt before the screw", 0, noise=1.5, low=0.0, high=2000.0),
        Signal("clamp_force", "float", "kN", "Force that keeps the mould closed", 0, noise=2.0, low=0.0, high=1500.0),
        Signal("clamp_pressure", "float", "bar", "Oil in the clamping cylinder", 1, noise=0.3, low=0.0, high=200.0),
        Signal("mould_position", "float", "mm", "How far the mould is open", 1, noise=0.05, low=0.0),
        Signal("screw_position", "float", "mm", "How far the screw is from its front end", 2, noise=0.02, low=0.0),
        Signal("cushion", "float", "mm", "Least position of the screw in the last shot", 2, low=0.0),
        Signal("peak_pressure", "float", "bar", "Greatest injection pressure of the last shot", 0, low=0.0),
        Signal("injection_time", "float", "s", "From the start of injection to the switch-over, last shot", 3, low=0.0),
        Signal("dosing_time", "float", "s", "How long the screw took to dose, last shot", 2, low=0.0),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._acting = dict(self.acting)
        self._states = States(self.random, self.how, self._acting)
        self._recipe = _NONE
        self._shot = self._last_shot = Shot()
        self._barrel = [
            HeatedZone(22.0, rated=4.0, capacity=20.0, loss=0.005, band=10.0, reset=400.0, lag=25.0) for _ in range(3)
        ]
        self._melt = Lag(22.0, 90.0)
        self._mould = Lag(22.0, 240.0)
        self._wall = 0.0
        self._oil = 22.0
        self._viscosity = Wander(self.random, 0.018, 900.0)
        self._duty = Wander(self.random, 0.03, 4.0)
        self._unused = _SWITCH_OFF
        self._pumps = False

    def cycle(self, order: Order) -> float:
        """Return how long the next cycle takes, and let its shot turn out as it will."""
        seconds = super().cycle(order)
        self._last_shot = self._shot
        self._recipe = plan = recipe(order.product, order.ideal_cycle * self.batch)
        gauss, thick = self.random.gauss, self._viscosity.value
        self._shot = Shot(
            cushion=max(0.5, plan.cushion + gauss(0.0, 0.12) - 8 * thick),
            peak=plan.peak * (1 + thick + gauss(0.0, 0.003)),
            injection_time=plan.phases.all[1].seconds * (1 + 0.4 * thick + gauss(0.0, 0.002)),
            dosing_time=plan.phases.all[3].seconds * (0.97 + gauss(0.0, 0.008)),
        )
        return seconds

    def scrap(self) -> float:
        """Return how likely a part is bad: the first shots into a mould that is still cold often are."""
        plan = self._recipe
        cold = max(0.0, plan.water + _HEAT_TO_RISE / 2 * plan.shot / plan.phases.seconds - self._mould.value)
        return min(0.6, self.how.scrap + 0.06 * cold)

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        self._viscosity.follow()
        plan, ambient, runs = self._recipe, surroundings.ambient, self.runs
        before = self._elapsed
        load = self.advance(plan.phases) * (1 + self._duty.follow())
        used = runs or self.state is State.RESETTING or self.mode is Mode.SETUP
        self._unused = 0 if used else self._unused + 1
        on = surroundings.planned or self.state is not State.STOPPED
        warm = on or self._unused < _SWITCH_OFF
        heaters = self._heat(ambient, warm=warm)
        self._warm_mould(ambient, before, warm=warm)
        power = (_CONTROLS if on else _ASLEEP) + heaters
        pumps = self.state not in _PUMP_OFF
        if pumps:
            power += _PUMP_IDLE + load if self._pumps else _PUMP_START
        self._pumps = pumps
        self._cool_oil(ambient, 0.45 * load + 0.9 if pumps else 0.0)
        return power

    def _heat(self, ambient: float, *, warm: bool) -> float:
        """Hold the barrel at its temperatures, and foresee how long the next start must wait for them."""
        setpoint = OFF
        if warm:
            setpoint = self._melt_setpoint() - (_LOWERED if self._unused >= _SET_BACK else 0.0)
        dosing = self.runs and self._recipe.phases.at(self.elapsed)[0] == 3  # noqa: PLR2004  # the fourth phase
        first, second, third = self._barrel
        power = first.follow(setpoint - 25, ambient, 1.2 if dosing else 0.0)
        power += second.follow(setpoint - 10, ambient, 0.5 if dosing else 0.0)
        power += third.follow(setpoint, ambient, -0.3 if dosing else 0.0)
        self._melt.follow(third.temperature + (4.0 if self.runs else 0.0) + 30 * self._viscosity.value)
        if self.state is State.STOPPED:
            target = self._melt_setpoint()
            lacks = target - third.temperature
            heating = third.seconds_to(target, ambient) if lacks > _TOLERANCE else 0.0
            soaking = _SOAK * min(1.0, lacks / 100) if heating else 0.0
            self._acting[State.RESETTING] = self.acting[State.RESETTING] + round(heating * 1.1 + soaking)
        return power

    def _melt_setpoint(self) -> float:
        return recipe(self.product).melt if self.product else _NONE.melt

    def _warm_mould(self, ambient: float, before: float, *, warm: bool) -> None:
        plan = self._recipe
        self._wall -= self._wall / _WALL
        flow = 0.0
        if self.runs:
            filled = plan.phases.all[0].seconds + plan.phases.all[1].seconds
            if before < filled <= self.elapsed:
                self._wall += plan.shot / 6
            flow = plan.shot / plan.phases.seconds
        water = recipe(self.product).water if self.product else plan.water
        self._mould.follow((water if warm else ambient) + _HEAT_TO_RISE * flow)

    def _cool_oil(self, ambient: float, heat: float) -> None:
        cooled = 1.2 * max(0.0, self._oil - 43) + 0.03 * (self._oil - ambient)
        self._oil += (heat - cooled) / _OIL_MASS

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        plan, shot, last = self._recipe, self._shot, self._last_shot
        phase, pressure, force, mould, screw = "idle", 0.0, 0.0, _OPEN, plan.dose + _RELIEF
        if self.in_work:
            index, done = plan.phases.at(self.elapsed)
            phase = plan.phases.all[index].name
            match index:
                case 0:
                    mould = _OPEN * (1 - done) ** 1.5
                    force = plan.clamp * max(0.0, done - 0.8) / 0.2
                case 1:
                    mould, force, pressure = 0.0, plan.clamp, shot.peak * done**0.6
                    screw = plan.dose + _RELIEF - (plan.dose + _RELIEF - _SWITCH_OVER) * done
                case 2:
                    mould, force, pressure = 0.0, plan.clamp, shot.peak * plan.hold * (1 - 0.15 * done)
                    screw = shot.cushion + (_SWITCH_OVER - shot.cushion) * (1 - done) ** 3
                case 3:
                    mould, force, pressure, last = 0.0, plan.clamp, 80.0, shot
                    screw = shot.cushion + (plan.dose - shot.cushion) * done
                case 4:
                    mould, force, pressure, last = 0.0, plan.clamp, 4.0, shot
                case _:
                    mould, last = _OPEN * done**0.7, shot
            if not self.runs:  # it rests, and its hydraulics with it
                phase, pressure, force = "idle", 0.0, 0.0
        first, second, third = self._barrel
        return {
            **self.unit_values(),
            "cycle_phase": phase,
            "barrel_temperature_1": first.temperature,
            "barrel_temperature_2": second.temperature,
            "barrel_temperature_3": third.temperature,
            "melt_temperature": self._melt.value,
            "mould_temperature": self._mould.value + self._wall,
            "oil_temperature": self._oil,
            "injection_pressure": pressure,
            "clamp_force": force,
            "clamp_pressure": force * _FORCE_TO_PRESSURE,
            "mould_position": mould,
            "screw_position": screw,
            "cushion": last.cushion,
            "peak_pressure": last.peak,
            "injection_time": last.injection_time,
            "dosing_time": last.dosing_time,
        }
