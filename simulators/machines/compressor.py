"""A screw compressor with its receiver: it keeps the compressed-air network of a plant between two pressures.

Laws and figures:

- Receiver: dp/dt = p0 (Q_in - Q_out) / V, the ideal gas law at constant temperature, with p0 = 1.013 bar and Q as
  free air (ISO 1217). 3 m3 for the tank and the pipes.
- Delivery: 6.4 m3/min of free air at 7 bar from 37 kW at the shaft, as data sheets of this class say; with fan and
  motor losses 6.3 kW/(m3/min). Each bar more takes 6.5 % more power and delivers 1 % less.
- Unloaded: the inlet valve is shut and the oil separator is vented, which takes half a minute; then 28 % of the full
  power are left. After five minutes without demand it stops.
- Leaks: what leaks out goes with the absolute pressure (choked flow): 0.3 m3/min at 7 bar, 5 % of what it can deliver;
  so it is loaded now and then in an idle night.
- Start: star-delta (`induction_motor`), unloaded, 6 s.
- Oil: 60 K above the hall when loaded, with a time constant of 6 minutes; it cools in 45.

It keeps its pressure day and night, in planned time or not.
"""

from __future__ import annotations

from simulators.machines.device import ENERGY, Device, Surroundings
from simulators.machines.induction_motor import InductionMotor
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value

LOAD, UNLOAD = 6.6, 7.4
"""bar: it is loaded below, and unloaded above."""
_RATED, _FAN, _CONTROLS = 37.0, 1.1, 0.06
"""kW: the motor at its shaft, the fan, and the controls."""
_DELIVERY, _AT = 6.4, 7.0
"""m3/min of free air, and at how many bar."""
_RESIDUAL = 0.22
"""Share of the shaft's power that is left when unloaded and vented."""
_LEAK, _LEAKS = 0.3, 6.0
"""m3/min at 7 bar, and how many times as much with the trouble `leak`."""
_FREE = 1.013
_STAR, _RUN_ON = 6, 300
"""Seconds: in star, and unloaded until it stops."""
_WARM, _WARMING, _COOLING = 60.0, 360.0, 2700.0
_HOUR = 3600.0


class Compressor(Device):
    """A screw compressor that is loaded, unloaded, and stopped.

    Troubles that it understands:

    | trouble | what happens |
    |---|---|
    | `breakdown` | it trips, and stands until the trouble ends |
    | `leak` | the network leaks six times as much |

    Attributes:
        pressure: Of the network, gauge, in bar: what its consumers are fed with.
        state: STOPPED, STARTING, LOADED, UNLOADED or FAULT.

    Args:
        name: Name of the machine.
        seed: Seed of the scenario.
        receiver: Volume of the receiver and the network in m3.

    Raises:
        ValueError: The receiver has no volume.
    """

    kind = "compressor"
    title = "Compressor"
    troubles = ("breakdown", "leak")
    signals = (
        Signal("state", "text", "", "STOPPED, STARTING, LOADED, UNLOADED or FAULT"),
        Signal("running", "bool", "", "Whether its motor turns"),
        Signal("loaded", "bool", "", "Whether it delivers"),
        *ENERGY,
        Signal("pressure", "float", "bar", "Of the network, gauge", 2, noise=0.006, drift=0.01, low=0.0),
        Signal("delivery", "float", "m3/min", "Free air that it delivers", 2, noise=0.02, low=0.0),
        Signal("motor_current", "float", "A", "A phase", 1, noise=0.15, low=0.0),
        Signal("oil_temperature", "float", "degC", "At the outlet of the screws", 1, noise=0.1, drift=0.2),
        Signal("running_hours", "float", "h", "Register of the time it turned", 2, low=0.0),
        Signal("loaded_hours", "float", "h", "Register of the time it delivered", 2, low=0.0),
        Signal("start_count", "int", "", "Starts of its motor"),
        Signal("load_count", "int", "", "How often it was loaded"),
    )

    def __init__(self, name: str, seed: int, *, receiver: float = 3.0) -> None:
        if receiver <= 0:
            raise ValueError(f"a receiver of {receiver} m3 holds no air: say more than 0")
        super().__init__(name, seed)
        self.state = "STOPPED"
        self.pressure = self.random.uniform(LOAD, UNLOAD)
        self._receiver = receiver
        self._timer = 0
        self._motor = InductionMotor(_RATED, efficiency=0.94, power_factor=0.86, run_up=_STAR + 0.5, star_delta=True)
        self._valve = Lag(0.0, 1.2)
        self._shaft = Lag(_RESIDUAL, 11.0)
        self._unrest = Wander(self.random, 0.008, 5.0)
        self._oil = 24.0
        self._delivery = 0.0
        self._running = self.random.randint(4_000, 20_000) * 3600
        self._loaded = int(self._running * self.random.uniform(0.55, 0.75))
        self._starts = self._running // 3600 * 2
        self._loads = self._loaded // 75

    @property
    def phase(self) -> str:
        """Its state: a change is told at once."""
        return self.state

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second, and return the mean power in kW."""
        self._switch(surroundings.troubles)
        state = self.state
        loaded, turns = state == "LOADED", state in ("LOADED", "UNLOADED", "STARTING")
        opening = self._valve.follow(1.0 if loaded else 0.0)
        over = self.pressure - _AT
        self._delivery = _DELIVERY * opening * (1 - 0.01 * over) if turns else 0.0
        leak = (
            _LEAK * (_LEAKS if "leak" in surroundings.troubles else 1.0) * (self.pressure / (_AT + 1) + 1 / (_AT + 1))
        )
        drawn = surroundings.air_demand * min(1.0, self.pressure / 3)
        flow = self._delivery - drawn - (leak if self.pressure > 0 else 0.0)
        self.pressure = max(0.0, self.pressure + _FREE * flow / (60 * self._receiver))
        return self._draw(surroundings, over, loaded=loaded, turns=turns)

    def _switch(self, troubles: frozenset[str]) -> None:
        """Go to another state when it is time to."""
        self._timer -= 1
        if "breakdown" in troubles:
            self.state = "FAULT"
            return
        match self.state:
            case "FAULT":
                self.state = "STOPPED"
            case "STOPPED" if self.pressure < LOAD:
                self.state, self._timer = "STARTING", _STAR + 1
                self._starts += 1
            case "STARTING" if self._timer <= 0:
                self._load()
            case "LOADED" if self.pressure > UNLOAD:
                self.state, self._timer = "UNLOADED", _RUN_ON
            case "UNLOADED" if self.pressure < LOAD:
                self._load()
            case "UNLOADED" if self._timer <= 0:
                self.state = "STOPPED"

    def _load(self) -> None:
        self.state = "LOADED"
        self._loads += 1

    def _draw(self, surroundings: Surroundings, over: float, *, loaded: bool, turns: bool) -> float:
        unrest = self._unrest.follow()
        if not turns:
            self._shaft.value = _RESIDUAL
            self._oil += (surroundings.ambient - self._oil) / _COOLING
            return _CONTROLS + self._motor.rest()
        self._running += 1
        self._loaded += loaded
        if loaded:
            shaft = self._shaft.value = _RESIDUAL + (1 + 0.065 * over - _RESIDUAL) * self._valve.value
        else:
            shaft = self._shaft.follow(_RESIDUAL)
        warm = _WARM * (0.68 + 0.32 * shaft)
        self._oil += (surroundings.ambient + warm - self._oil) / _WARMING
        return _CONTROLS + _FAN + self._motor.turn(shaft * (1 + unrest))

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        state = self.state
        return {
            "state": state,
            "running": state in ("LOADED", "UNLOADED", "STARTING"),
            "loaded": state == "LOADED",
            "power": self.power,
            "energy": self.energy,
            "pressure": self.pressure,
            "delivery": self._delivery,
            "motor_current": self._motor.current,
            "oil_temperature": self._oil,
            "running_hours": self._running / _HOUR,
            "loaded_hours": self._loaded / _HOUR,
            "start_count": self._starts,
            "load_count": self._loads,
        }
