"""How many messages a run is, where there are no faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from simulators.delivery.voices import connections
from simulators.faces import FACES
from simulators.plant.answer import Answer
from simulators.plant.station import Station


class Messages(NamedTuple):
    """How many messages a run is.

    Attributes:
        of_machines: By names of machines.
        in_all: With what connections say beside that.
    """

    of_machines: Mapping[str, int]
    in_all: int


def count_messages(machines: Iterable[tuple[Station, Answer]]) -> Messages:
    """Return how many messages the samples of machines are."""
    samples = {station: answer.samples for station, answer in machines}
    of_machines = {}
    beside = 0
    for (name, _), members in connections(samples).items():
        face = FACES[name](members)
        beside += face.overhead
        for station in members:
            of_machines[station.device.name] = face.messages(station, samples[station])
    return Messages(of_machines, sum(of_machines.values()) + beside)
