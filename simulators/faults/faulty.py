"""A face whose machines have faults: what is wrong with each machine is put between it and the face."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from simulators.faces.face import Action, Face
from simulators.faults.fault import Fault, Moment
from simulators.messages import Away, Publication
from simulators.plant.scenario import Happening
from simulators.plant.station import Reading, Station

_SECOND_NS = 1_000_000_000


class Strike(NamedTuple):
    """A fault of a machine, and when it strikes, in nanoseconds from the first reading."""

    fault: Fault
    at_ns: int
    until_ns: int


Struck: TypeAlias = Mapping[str, Sequence[Strike]]
"""What happens to each machine, by their names."""


def strikes(stations: Sequence[Station], faults: Mapping[str, type[Fault]], seed: int) -> Struck:
    """Return what is wrong with each machine.

    Args:
        stations: The machines.
        faults: What there is, by names.
        seed: The faults' randomness follows from it.
    """
    return {
        station.device.name: [
            _strike(happening, number, faults, station, seed)
            for number, happening in enumerate(station.described.faults)
        ]
        for station in stations
    }


def _strike(
    happening: Happening, number: int, faults: Mapping[str, type[Fault]], station: Station, seed: int
) -> Strike:
    source = random.Random(f"{seed} fault {number} {happening.name} {station.device.name}")
    at_ns = round(happening.at * _SECOND_NS)
    return Strike(faults[happening.name](station, source), at_ns, at_ns + round(happening.time * _SECOND_NS))


class Faulty:
    """Speaks like a face, for machines that have faults.

    Args:
        face: How they speak.
        struck: What is wrong with them.
    """

    def __init__(self, face: Face, struck: Struck) -> None:
        self._face = face
        self._struck = struck
        self._start_ns: int | None = None
        self._were_on: set[Fault] = set()

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return what is to be published of one reading, in order, when its faults have had their way."""
        if self._start_ns is None:
            self._start_ns = reading.time_ns
        moments = [
            (strike.fault, self._moment(strike, reading.time_ns - self._start_ns, reading.time_ns))
            for strike in self._struck[reading.station.device.name]
        ]
        readings = [reading]
        for fault, moment in moments:
            readings = [changed for each in readings for changed in fault.measure(each, moment)]
        actions: Sequence[Action] = [action for each in readings for action in self._face.tell(each)]
        for fault, moment in moments:
            actions = fault.speak(actions, moment)
        if any(isinstance(action, Away) and action.how != "dead" for action in actions):
            self._face.lost()  # of a connection that is dead it knows nothing
        return actions

    @property
    def stations(self) -> Sequence[Station]:
        """For whom it speaks."""
        return self._face.stations

    def will(self, time_ns: int) -> Publication | None:
        """Return the Will for the next CONNECT."""
        return self._face.will(time_ns)

    def subscriptions(self) -> Sequence[str]:
        """Return the topic filters it listens to."""
        return self._face.subscriptions()

    def connected(self, time_ns: int) -> Sequence[Action]:
        """Return what is to be said when the connection is there."""
        return self._face.connected(time_ns)

    def received(self, topic: str, payload: bytes, time_ns: int) -> Sequence[Action]:
        """Return what follows from a message of the broker."""
        return self._face.received(topic, payload, time_ns)

    def leaving(self, time_ns: int) -> Sequence[Action]:
        """Return what is to be said before the connection is ended on purpose, what was held back first."""
        held = [action for several in self._struck.values() for strike in several for action in strike.fault.leaving()]
        return [*held, *self._face.leaving(time_ns)]

    def lost(self) -> None:
        """Take note that the connection is no more."""
        self._face.lost()

    def _moment(self, strike: Strike, since_ns: int, time_ns: int) -> Moment:
        is_on, was_on = strike.at_ns <= since_ns < strike.until_ns, strike.fault in self._were_on
        if is_on:
            self._were_on.add(strike.fault)
        else:
            self._were_on.discard(strike.fault)
        return Moment(time_ns, is_on, is_on and not was_on, was_on and not is_on, time_ns - since_ns + strike.until_ns)
