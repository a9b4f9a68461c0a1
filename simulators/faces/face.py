"""What a face is: it turns the values of a machine at a time into MQTT messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from simulators.machines.machine import Value


class Place(NamedTuple):
    """Where a machine stands: levels of its topics."""

    site: str
    area: str
    line: str


class Publication(NamedTuple):
    """One MQTT application message to be published."""

    topic: str
    payload: bytes


class Face(Protocol):
    """A way to speak. Pure: what it yields follows from its arguments alone."""

    def topic(self, place: Place, machine: str) -> str:
        """Return the topic of a machine, or a filter for all of its topics, to be shown to people."""

    def publications(
        self, place: Place, machine: str, time_ns: int, values: Mapping[str, Value]
    ) -> Sequence[Publication]:
        """Return what is to be published for one sample, in order.

        Args:
            place: Where the machine stands.
            machine: Its name.
            time_ns: When the values were measured, in nanoseconds since 1970-01-01T00:00:00Z.
            values: Name to value.
        """
