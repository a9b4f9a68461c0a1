"""What every simulated machine is: it lives through virtual time in steps of a second, and can be read at any of them.

    mill = CncMill("mill-1", seed=7)
    for second in range(3600):
        mill.step(Surroundings(start_ns + second * STEP_NS, planned=True, order=Order("bracket", 45.0)))
    mill.read()         # {"state": "EXECUTE", "part_count": 71, ...}: what it tells
    mill.energy         # kilowatt-hours, the exact sum of its power

There is no clock, no input and no output in it. What it does follows from its name, its seed, and the surroundings of
all steps since the first: the same of these give the same values, in this process and in any other.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from simulators.machines.signal import Sensors, Signal, Value

STEP_NS = 1_000_000_000
"""How long a step is."""

PLENTY = 1_000_000_000
"""Parts, where nothing bounds them."""


class Order(NamedTuple):
    """What is to be made.

    Attributes:
        product: Its name.
        ideal_cycle: Seconds for one part at the machine's best (the planned run time per item of ISO 22400).
    """

    product: str
    ideal_cycle: float


class Surroundings(NamedTuple):
    """What a machine meets in one step.

    Attributes:
        time_ns: The end of the step, in nanoseconds since 1970-01-01T00:00:00Z.
        planned: Whether this is planned time of production (the planned busy time of ISO 22400).
        order: What is to be made; None: nothing.
        supply: Parts that lie before it.
        room: Parts that may be put behind it.
        ambient: Temperature of the hall in degC.
        humidity: Relative humidity of the hall in percent.
        troubles: Names of what goes wrong in the process now; see `Device.troubles`.
        load: kW of the machines that a meter or a supply feeds.
        air_demand: Compressed air that is drawn from it, in m3/min of free air.
        air_pressure: Gauge pressure of the compressed air it is fed with, in bar.
    """

    time_ns: int
    planned: bool = True
    order: Order | None = None
    supply: int = PLENTY
    room: int = PLENTY
    ambient: float = 21.0
    humidity: float = 45.0
    troubles: frozenset[str] = frozenset()
    load: float = 0.0
    air_demand: float = 0.0
    air_pressure: float = 7.0


ENERGY = (
    Signal("power", "float", "kW", "Active power of the whole machine, mean of the last second", low=0.0),
    Signal("energy", "float", "kWh", "Register of active energy, the integral of the power", low=0.0),
)
"""What every machine that draws power tells of it."""


class Device(ABC):
    """A machine of any kind.

    Attributes:
        kind: The type of machine, the same for all that measure the same.
        title: The kind in words, as a heading.
        signals: What it measures, in the order in which it tells it.
        troubles: Names of what may go wrong with it; see `Surroundings.troubles`.
        name: Its name, unique in its plant; takes part in its randomness.
        time_ns: Up to when it has lived.
        power: Mean of the last step in kW.
        energy: Since its first step, in kWh.
        air: Compressed air that it drew in the last step, in m3/min of free air.
        faulty: Names of signals whose sensor failed in the last step: their values are not to be trusted.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    signals: ClassVar[tuple[Signal, ...]]
    troubles: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.time_ns = 0
        self.power = 0.0
        self.energy = 0.0
        self.air = 0.0
        own = f"{seed} {self.kind} {name}"
        self.random = random.Random(own)
        self._sensors = Sensors(self.signals, own)

    def step(self, surroundings: Surroundings) -> None:
        """Live through a second."""
        self.time_ns = surroundings.time_ns
        self.power = self.run(surroundings)
        self.energy += self.power * (STEP_NS / 3_600e9)

    @abstractmethod
    def run(self, surroundings: Surroundings) -> float:
        """Live through a second, and return the mean power in kW."""

    @abstractmethod
    def values(self) -> dict[str, Value]:
        """Return the truth: a value for each signal, in their order."""

    def read(self) -> dict[str, Value]:
        """Return what the machine tells: the truth through its sensors. Each call has its own noise."""
        return self._sensors.read(self.values(), self.time_ns)

    @property
    def phase(self) -> object:
        """What a change of is worth telling at once, with all values."""
        return None
