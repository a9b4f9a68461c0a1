"""Scenarios: named sets of machines, each with its place and its face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulators.faces.face import Face, Place
from simulators.faces.json_object import JsonObject
from simulators.faces.scalar_topics import ScalarTopics
from simulators.machines.cnc_mill import CncMill
from simulators.machines.energy_meter import EnergyMeter
from simulators.machines.machine import SECOND_NS, Machine


class Station(NamedTuple):
    """A machine, where it stands and how it speaks."""

    machine: Machine
    place: Place
    face: Face

    @property
    def topic(self) -> str:
        """The topic of the machine, or a filter for all of its topics."""
        return self.face.topic(self.place, self.machine.name)

    @property
    def messages_per_second(self) -> float:
        """How many messages it publishes a second, at its own pace."""
        publications = self.face.publications(self.place, self.machine.name, 0, self.machine.telemetry(0))
        return len(publications) * SECOND_NS / self.machine.period_ns


class Scenario(NamedTuple):
    """A named set of machines.

    Attributes:
        description: What it shows, in one line.
        stations: Makes its machines from a seed.
    """

    description: str
    stations: Callable[[int], Sequence[Station]]


def _single(seed: int) -> Sequence[Station]:
    return (Station(CncMill("mill-1", seed), Place("plant1", "machining", "line1"), JsonObject()),)


def _demo(seed: int) -> Sequence[Station]:
    mills = [
        Station(CncMill(f"mill-{number}", seed), Place("plant1", "machining", line), JsonObject())
        for number, line in enumerate(("line1", "line1", "line2", "line2"), 1)
    ]
    supply = Place("plant1", "utilities", "supply")
    return (
        *mills,
        Station(EnergyMeter("meter-1", seed), supply, JsonObject()),
        Station(EnergyMeter("meter-2", seed, peak_kw=45.0), supply, ScalarTopics()),
    )


SCENARIOS = {
    "demo": Scenario("A small workshop: four CNC mills and two energy meters, one of them with bare values", _demo),
    "single": Scenario("One CNC mill", _single),
}
"""All scenarios, by name."""
