"""An industrial robot with six axes, 20 kg of payload: it handles parts, or guides a torch, as its program says.

Laws and figures (those of its motion and torque: see `simulators.machines.robot_arm`):

- Power: 0.22 kW of the controller with the brakes closed, 0.45 kW with the drives on and the arm still, 0.7 to 1.5 kW
  in motion, usual for robots of this class. When the drives are switched on, the intermediate
  circuit is charged and the brakes open: 1.4 kW more in that second. A torch has its own supply, which is not counted.
- Brakes: close, and the drives rest, 20 seconds after the arm has come to wait for parts.
- Motors: warm with the mean square of the torque and with speed, by 30 to 50 K within two hours (time constant 40
  minutes); the hand's small ones sit close to each other and warm each other.
- Speed override: 100 percent; 67 when it is slowed; 30 while it is taught another product.
"""

from __future__ import annotations

from simulators.machines.device import Order, Surroundings
from simulators.machines.packml import Mode, State
from simulators.machines.phased import PhasedUnit
from simulators.machines.physics import Lag, Wander
from simulators.machines.robot_arm import HOME, RATED, Motion, Move, gravity, motion, tool_speed
from simulators.machines.robot_programs import program
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability
from simulators.machines.unit import UNIT_SIGNALS

_ASLEEP, _CONTROLLER, _DRIVES, _SWITCH_ON = 0.06, 0.22, 0.23, 1.4
"""kW: asleep, the controller, drives and open brakes in addition, and these in their first second."""
_PATIENCE = 20
_WARM_UP, _TURNING, _STANDING = 75.0, 15.0, 5.0
"""K of a motor at rated torque, by turning, and by its open brake."""
_ACTIVE = frozenset(
    {State.STARTING, State.EXECUTE, State.SUSPENDING, State.UNSUSPENDING, State.UNHOLDING, State.COMPLETING}
)
_STILL = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_AT_HOME = Move(HOME, HOME, 1.0, 0.0, closed=False)
_AXES = range(1, 7)
_POSITIONS = tuple(f"joint_{axis}" for axis in _AXES)
_TORQUES = tuple(f"torque_{axis}" for axis in _AXES)
_TEMPERATURES = tuple(f"motor_temperature_{axis}" for axis in _AXES)


class Robot(PhasedUnit):
    """A robot with six axes."""

    kind = "robot"
    title = "Six-axis robot"
    least_cycle = 2.0
    reliability = Reliability(mtbf=40 * 3600, mttr=1500, stops=3000, stop=60, scrap=0.004, loss=0.03, setup=900)
    signals = (
        *UNIT_SIGNALS,
        Signal("program_phase", "text", "", "Phase of the program: approach, pick, weld, ...; wait between"),
        Signal("drives_on", "bool", "", "Whether the drives are on and the brakes open"),
        Signal("speed_override", "int", "percent", "Of the programmed speed"),
        Signal("tool_speed", "float", "mm/s", "Speed of the flange", 0, low=0.0),
        Signal("gripper_closed", "bool", "", "Whether the gripper is closed"),
        Signal("payload", "float", "kg", "Load that the gripper holds", 1, low=0.0),
        *(Signal(_POSITIONS[n - 1], "float", "deg", f"Position of axis {n}", 2, noise=0.005) for n in _AXES),
        *(
            Signal(_TORQUES[n - 1], "float", "N*m", f"Torque of axis {n} at the joint", 1, noise=0.003 * RATED[n - 1])
            for n in _AXES
        ),
        *(
            Signal(_TEMPERATURES[n - 1], "float", "degC", f"Winding of the motor of axis {n}", 1, noise=0.1, drift=0.1)
            for n in _AXES
        ),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._program = program("", 8.0)
        self._move = _AT_HOME
        self._motion = Motion(HOME, _STILL, _STILL)
        self._phase = "wait"
        self._motors = [Lag(22.0, 2400.0 if axis <= 3 else 1800.0) for axis in _AXES]  # noqa: PLR2004  # the main axes
        self._effort = Wander(self.random, 0.02, 300.0)
        self._drives = False
        self._rests = 0
        self._drawn = 1.0
        self._override = 100

    def cycle(self, order: Order) -> float:
        """Return how long the next cycle takes."""
        self._program = program(order.product, order.ideal_cycle)
        self._drawn = super().cycle(order)
        return self._drawn

    def _load(self, order: Order, *, slow: bool) -> None:
        super()._load(order, slow=slow)
        self.pace = self._drawn / self._cycle

    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass."""
        state, plan = self.state, self._program
        load = self.advance(plan.phases)
        stiff = 1 + self._effort.follow()
        self._rests = self._rests + 1 if state is State.SUSPENDED else 0
        drives = state in _ACTIVE or 0 < self._rests <= _PATIENCE
        self._override = 30 if self.mode is Mode.SETUP else round(100 * self.pace)
        self._follow(drives=drives)
        self._warm(surroundings.ambient, stiff, drives=drives)
        switched_on, self._drives = drives and not self._drives, drives
        if not drives:
            return _CONTROLLER if surroundings.planned or state is not State.STOPPED else _ASLEEP
        return _CONTROLLER + _DRIVES + load * stiff + (_SWITCH_ON if switched_on else 0.0)

    def _follow(self, *, drives: bool) -> None:
        """Bring the axes to where they are at the end of the second."""
        elapsed, plan = self.elapsed, self._program
        if self.in_work and self.runs and elapsed < plan.phases.seconds:
            index, done = plan.phases.at(elapsed)
            self._phase = plan.phases.all[index].name
            self._move = plan.moves[index]
            self._motion = motion(self._move, done, self.pace)
            return
        self._phase = "wait"
        if not self.in_work or elapsed >= plan.phases.seconds:
            self._move = _AT_HOME
        at = self._motion.positions if self._move is not _AT_HOME else HOME
        self._motion = Motion(at, _STILL, gravity(at, self._move.payload) if drives else _STILL)

    def _warm(self, ambient: float, stiff: float, *, drives: bool) -> None:
        if self.runs:
            base = ambient + _STANDING + _TURNING * self.pace
            for motor, warmth in zip(self._motors, self._program.warmth, strict=True):
                motor.follow(base + _WARM_UP * warmth * stiff)
        else:
            target = ambient + (_STANDING if drives else 0.0)
            for motor in self._motors:
                motor.follow(target)

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        now = self._motion
        values: dict[str, Value] = {
            **self.unit_values(),
            "program_phase": self._phase,
            "drives_on": self._drives,
            "speed_override": self._override,
            "tool_speed": tool_speed(now),
            "gripper_closed": self._move.closed,
            "payload": self._move.payload,
        }
        values.update(zip(_POSITIONS, now.positions, strict=True))
        values.update(zip(_TORQUES, now.torques, strict=True))
        for name, motor in zip(_TEMPERATURES, self._motors, strict=True):
            values[name] = motor.value
        return values
