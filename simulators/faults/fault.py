"""What a fault can do to one machine: change what it measures, what is said of it, and whether anyone can be told.

A fault belongs to one machine, strikes from a time to another, and may remember. It is pure: what it does follows from
what it is told and its randomness. A new fault is a class in one of the files beside this, and one line in
`simulators.faults`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, TypeAlias

from simulators.faces.face import Action
from simulators.plant.station import Reading, Station
from simulators.sparkplug.faults.fault import EVERY
from simulators.sparkplug.faults.fault import Fault as NodeFault

__all__ = ["EVERY", "Actions", "Fault", "Moment", "NodeFault", "Readings", "Strikes"]


class Moment(NamedTuple):
    """When a fault is asked.

    Attributes:
        time_ns: Virtual time, in nanoseconds since 1970.
        is_on: Whether the fault strikes now.
        begins: Whether it did not at the last reading.
        ends: Whether it did at the last reading, and does no more.
        until_ns: When it ends.
    """

    time_ns: int
    is_on: bool
    begins: bool
    ends: bool
    until_ns: int


Readings: TypeAlias = Sequence[Reading]
Actions: TypeAlias = Sequence[Action]


class Fault:
    """A fault that does nothing; each real one overrides what it breaks.

    Attributes:
        name: By which scenarios name it.
        title: What happens, in one line.
        reaction: What the gateway does about it, in one line.
        faces: Faces that can have it; empty: all.
        own_connection: Whether the machine needs a connection of its own for it.

    Args:
        station: Whose it is.
        source: Its randomness.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reaction: ClassVar[str]
    faces: ClassVar[frozenset[str]] = frozenset()
    own_connection: ClassVar[bool] = False

    def __init__(self, station: Station, source: random.Random) -> None:
        self.station = station
        self.random = source

    def measure(self, reading: Reading, moment: Moment) -> Readings:  # noqa: ARG002  # for those that use it
        """Return the readings that the machine takes for this one."""
        return (reading,)

    def speak(self, actions: Actions, moment: Moment) -> Actions:  # noqa: ARG002  # likewise
        """Return what is done for what the face wants done for one reading."""
        return actions

    def leaving(self) -> Actions:
        """Return what it still holds back, when the machine says its last."""
        return ()

    def of_node(self) -> Sequence[NodeFault]:
        """Return what is wrong with the edge node that the machine is a device of; asked once, before all else."""
        return ()


class Strikes:
    """Tells which messages a fault of single ones strikes: every tenth, from the tenth on."""

    def __init__(self) -> None:
        self._messages = 0

    def next(self) -> bool:
        """Count a message, and return whether it is its turn."""
        self._messages += 1
        return self._messages % EVERY == 0
