"""A programmable logic controller with its registers: it runs a small pumping station, and tells whole numbers.

Laws and figures:

- Tank: dh/dt = (Q_in - Q_out) / A with 4 m2 and 3 m. What flows in is the process water of the plant: 6 l/s in planned
  time, 1.5 l/s outside, and now and then a tank that is emptied somewhere (10 l/s more for some minutes).
- Pumps: two of 5.5 kW, started directly (`induction_motor`), which take turns with each start, as usual to wear them
  evenly. One is on from 70 % to 25 %; above 85 % the other helps. Each delivers 11 l/s, both together 19 (the friction
  of the common pipe grows with the square of the flow, by which also the pressure rises).
- Analog inputs: 4 to 20 mA as 0 to 27648, and up to 32511 in overrange (usual for S7 controllers). They scatter by some
  units.
- Registers: int16 and uint16 roll over at 16 bits and uint32 at 32, as counters in controllers do; the millisecond
  clock does so after 49.7 days.
- Cycle: 8 ms for a scan of a small program, sometimes more for communication.
"""

from __future__ import annotations

from simulators.machines.device import ENERGY, Device, Surroundings
from simulators.machines.induction_motor import InductionMotor
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value

FULL_SCALE, _OVERRANGE = 27_648, 32_511
"""What an analog input tells at 20 mA, and the most that it tells."""
LEVEL, FLOW, PRESSURE = 100.0, 25.0, 6.0
"""Percent, l/s and bar at 20 mA."""
START, HELP, STOP, HIGH, LOW = 70.0, 85.0, 25.0, 92.0, 15.0
"""Percent of the level at which a pump starts, the other helps, both stop, and the floats for high and low switch."""
_VOLUME = 12_000.0
"""l of the tank."""
_BOTH = 19.0 / 22.0
"""What is left of a pump's flow while the other runs too."""
_UINT16, _UINT32, _SIGN = 1 << 16, 1 << 32, 1 << 15
_LITRES = 10
"""l for one pulse of the flow meter."""
_TANKS, _EMPTYING, _BATCH = 2400.0, 420.0, 10.0
"""Seconds between two tanks that are emptied in planned time, seconds that it takes, and l/s."""
_HEAD, _FRICTION = 1.1, 0.0035
"""bar that the check valve holds, and bar by (l/s)^2 of the pipe."""
_PANEL = 0.12
"""kW."""


class Pump:
    """One of the two pumps.

    Attributes:
        motor: What drives it.
        flow: l/s that it delivers.
        on: Whether it is switched on.
        starts: uint16 register.
        seconds: uint32 register of the time it ran.
    """

    def __init__(self, starts: int, seconds: int) -> None:
        self.motor = InductionMotor(5.5, efficiency=0.88, power_factor=0.84, run_up=0.6)
        self.flow = Lag(0.0, 1.5)
        self.on = False
        self.starts = starts
        self.seconds = seconds

    def switch(self, *, on: bool) -> None:
        """Switch it on or off."""
        if on and not self.on:
            self.starts = (self.starts + 1) % _UINT16
        self.on = on

    def run(self, wanted: float) -> float:
        """Let a second pass with this flow when it is on; return the power in kW."""
        flow = self.flow.follow(wanted if self.on else 0.0)
        if not self.on:
            return self.motor.rest()
        self.seconds = (self.seconds + 1) % _UINT32
        return self.motor.turn(0.35 + 0.05 * flow)


class Plc(Device):
    """A controller with the registers of a pumping station.

    Bits of `inputs`: 0 and 1 pump 1 and 2 run, 2 high water, 3 low water, 4 and 5 motor protection of pump 1 and 2 is
    in order, 6 automatic. Bits of `outputs`: 0 and 1 contactor of pump 1 and 2, 2 alarm, 3 ready, 4 pump 2 is next.

    Troubles that it understands:

    | trouble | what happens |
    |---|---|
    | `breakdown` | the controller stops: outputs drop, counters and watchdog stand still |
    | `pump_fault` | the protection of pump 1 trips, and pump 2 does all the work |
    """

    kind = "plc"
    title = "Programmable logic controller"
    troubles = ("breakdown", "pump_fault")
    signals = (
        Signal("inputs", "int", "", "Digital inputs, uint16, a bit each"),
        Signal("outputs", "int", "", "Digital outputs, uint16, a bit each"),
        Signal("level_raw", "int", "", "Level of the tank, 0 to 27648 for 0 to 100 percent"),
        Signal("flow_raw", "int", "", "Flow to the plant's drain, 0 to 27648 for 0 to 25 l/s"),
        Signal("pressure_raw", "int", "", "Pressure behind the pumps, 0 to 27648 for 0 to 6 bar"),
        Signal("pulses", "int", "", "Pulses of the flow meter, 10 l each, int16, rolls over"),
        Signal("volume", "int", "l", "Volume pumped, uint32, rolls over"),
        Signal("pump_1_starts", "int", "", "Starts of pump 1, uint16, rolls over"),
        Signal("pump_2_starts", "int", "", "Starts of pump 2, uint16, rolls over"),
        Signal("pump_1_seconds", "int", "s", "Running time of pump 1, uint32"),
        Signal("pump_2_seconds", "int", "s", "Running time of pump 2, uint32"),
        Signal("watchdog", "int", "", "Counts every second, uint16, rolls over"),
        Signal("uptime", "int", "ms", "Millisecond clock, uint32, rolls over after 49.7 days"),
        Signal("scan_time", "float", "ms", "Longest cycle of the program in the last second", 1, low=0.0),
        *ENERGY,
    )

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name, seed)
        draw = self.random
        self._level = draw.uniform(30.0, 65.0)
        self._inflow = Wander(draw, 0.8, 900.0)
        self._tank_in, self._emptying = draw.expovariate(1 / _TANKS), 0.0
        hours = draw.randint(800, 9_000)
        self._pumps = [Pump(hours * 2 % _UINT16, hours * 3600 + draw.randint(0, 9_999)) for _ in range(2)]
        self._next = draw.randint(0, 1)
        self._litres = draw.uniform(0.2, 0.9) * _UINT32
        self._watchdog = draw.randrange(_UINT16)
        self._uptime = draw.randrange(_UINT32)
        self._inputs = self._outputs = 0
        self._raw = (0, 0, 0)
        self._scan = 8.0
        self._alive = True

    @property
    def phase(self) -> str:
        """Its outputs: a change is told at once."""
        return f"{self._outputs:04x}"

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second, and return the mean power in kW."""
        troubles = surroundings.troubles
        self._alive = "breakdown" not in troubles
        sound = (self._alive and "pump_fault" not in troubles, self._alive)
        self._switch(sound)
        first, second = self._pumps
        each = 11.0 * (_BOTH if first.on and second.on else 1.0)
        power = first.run(each) + second.run(each) + _PANEL
        flow = first.flow.value + second.flow.value
        self._fill(flow, planned=surroundings.planned)
        self._measure(flow)
        if self._alive:
            self._scan_inputs(flow, sound_1="pump_fault" not in troubles)
        return power

    def _switch(self, sound: tuple[bool, bool]) -> None:
        """Switch the pumps by the level."""
        level = self._level
        on = [pump.on and sound[number] and level > STOP for number, pump in enumerate(self._pumps)]
        wanted = 2 if level > HELP else 1 if level > START else 0
        while sum(on) < wanted and any(ready and not runs for ready, runs in zip(sound, on, strict=True)):
            if sound[self._next] and not on[self._next]:
                on[self._next] = True
            self._next = 1 - self._next
        for pump, runs in zip(self._pumps, on, strict=True):
            pump.switch(on=runs)

    def _fill(self, flow: float, *, planned: bool) -> None:
        wanders = self._inflow.follow()
        self._tank_in -= planned
        self._emptying -= 1
        if self._tank_in <= 0:
            self._tank_in = self.random.expovariate(1 / _TANKS)
            self._emptying = _EMPTYING * self.random.uniform(0.5, 1.5)
        inflow = max(0.2, (6.0 if planned else 1.5) + (1.0 if planned else 0.3) * wanders)
        if self._emptying > 0:
            inflow += _BATCH
        self._level = min(100.0, max(0.0, self._level + (inflow - flow) / _VOLUME * 100))

    def _measure(self, flow: float) -> None:
        gauss = self.random.gauss
        pressure = _HEAD + _FRICTION * flow * flow
        wave = gauss(0.0, 14.0) if self._outputs & 3 else gauss(0.0, 5.0)
        self._raw = (
            _raw(self._level / LEVEL * FULL_SCALE + wave),
            _raw(flow / FLOW * FULL_SCALE + gauss(0.0, 9.0) * (flow > 0.1)),  # noqa: PLR2004
            _raw(pressure / PRESSURE * FULL_SCALE + gauss(0.0, 12.0)),
        )
        self._scan = 8.0 + self.random.expovariate(1 / 0.6)

    def _scan_inputs(self, flow: float, *, sound_1: bool) -> None:
        first, second = self._pumps
        high, low = self._level > HIGH, self._level < LOW
        running = first.on | second.on << 1
        self._inputs = running | high << 2 | low << 3 | sound_1 << 4 | 1 << 5 | 1 << 6
        self._outputs = running | (high or not sound_1) << 2 | 1 << 3 | self._next << 4
        self._litres = (self._litres + flow) % _UINT32
        self._watchdog = (self._watchdog + 1) % _UINT16
        self._uptime = (self._uptime + 1000) % _UINT32

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        first, second = self._pumps
        litres = int(self._litres)
        level, flow, pressure = self._raw
        return {
            "inputs": self._inputs,
            "outputs": self._outputs if self._alive else 0,
            "level_raw": level,
            "flow_raw": flow,
            "pressure_raw": pressure,
            "pulses": (litres // _LITRES + _SIGN) % _UINT16 - _SIGN,
            "volume": litres,
            "pump_1_starts": first.starts,
            "pump_2_starts": second.starts,
            "pump_1_seconds": first.seconds,
            "pump_2_seconds": second.seconds,
            "watchdog": self._watchdog,
            "uptime": self._uptime,
            "scan_time": self._scan if self._alive else 0.0,
            "power": self.power,
            "energy": self.energy,
        }


def _raw(units: float) -> int:
    return min(_OVERRANGE, max(0, round(units)))
