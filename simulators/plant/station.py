"""A machine in its place, and what is read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from simulators.machines.device import Device
from simulators.machines.signal import Value
from simulators.machines.unit import Unit
from simulators.plant.answer import Answer
from simulators.plant.scenario import Machine


class Place(NamedTuple):
    """Where a machine stands: levels of its topics."""

    site: str
    area: str
    line: str


class Station:
    """A machine in its place.

    Attributes:
        device: The machine.
        place: Where it stands.
        described: What the scenario says of it.
        period: Seconds from one sample to the next.
        samples: How often it has been read.
        read_ns: When it was read last.
        before: What it had done when the run began.
    """

    def __init__(self, device: Device, place: Place, described: Machine, period: int) -> None:
        self.device = device
        self.place = place
        self.described = described
        self.period = period
        self.samples = 0
        self.read_ns = 0
        self.before = Answer()
        self._phase = device.phase

    def begin(self, time_ns: int) -> None:
        """Let the run begin: what it has done until now does not count."""
        self.device.time_ns = time_ns
        self.before = self.done()
        self._phase = self.device.phase

    def done(self) -> Answer:
        """Return what it has done in its life."""
        device = self.device
        if not isinstance(device, Unit):
            return Answer(energy=device.energy, samples=self.samples)
        truth = device.truth
        return Answer(
            truth.planned,
            truth.running,
            truth.ideal,
            device.finished,
            device.rejected,
            device.energy,
            self.samples,
        )

    def is_due(self, second: int) -> bool:
        """Return whether it is to be read now: its sample is due, or its state has changed since it was asked last."""
        phase = self.device.phase
        changed = phase != self._phase
        self._phase = phase
        return changed or second % self.period == 0

    def read(self, time_ns: int) -> Reading:
        """Read it."""
        self.samples += 1
        self.read_ns = time_ns
        return Reading(self, time_ns, self.device.read())


class Reading(NamedTuple):
    """What a machine tells at a time.

    Attributes:
        station: The machine in its place.
        time_ns: In nanoseconds since 1970-01-01T00:00:00Z; whole seconds.
        values: Name to value, in the order of its signals; None: there is no value.
        bad: Names of signals whose values are not to be trusted.
    """

    station: Station
    time_ns: int
    values: Mapping[str, Value | None]
    bad: frozenset[str] = frozenset()
