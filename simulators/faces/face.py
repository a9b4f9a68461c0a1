"""What a face is: the way in which machines speak on MQTT. The same machine may have any of them.

A face speaks for the machines of one connection. It is pure: what it says follows from what it is told, and nothing is
sent here. A new face is one file with a class like those beside it, and one line in `simulators.faces`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, TypeAlias

from simulators.messages import Away, Disconnect, Publication
from simulators.plant.station import Place, Reading, Station

Action: TypeAlias = Publication | Disconnect | Away
"""What a face wants done; to be done in order."""

Table: TypeAlias = Mapping[str, object]
"""A table of the gateway's configuration file."""


class Voice(Protocol):
    """What speaks over a connection: a face, or one whose machines have faults."""

    @property
    def stations(self) -> Sequence[Station]:
        """For whom it speaks."""

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return what is to be published of one reading, in order."""

    def will(self, time_ns: int) -> Publication | None:
        """Return the Will for the next CONNECT."""

    def subscriptions(self) -> Sequence[str]:
        """Return the topic filters it listens to."""

    def connected(self, time_ns: int) -> Sequence[Action]:
        """Return what is to be said when the connection is there."""

    def received(self, topic: str, payload: bytes, time_ns: int) -> Sequence[Action]:
        """Return what follows from a message of the broker."""

    def leaving(self, time_ns: int) -> Sequence[Action]:
        """Return what is to be said before the connection is ended on purpose."""

    def lost(self) -> None:
        """Take note that the connection is no more."""


class Face(ABC):
    """Speaks for the machines of one connection.

    Attributes:
        name: By which scenarios name it.
        title: What it is, in one line.
        per_line: Whether the machines of each line have a connection of their own; else those of the plant share one.

    Args:
        stations: For whom it speaks.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    per_line: ClassVar[bool] = False

    def __init__(self, stations: Sequence[Station]) -> None:
        self.stations = stations

    @abstractmethod
    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return what is to be published of one reading, in order."""

    @classmethod
    @abstractmethod
    def collected(cls, place: Place, kind: str) -> Table:
        """Return how a gateway collects the machines of a kind in a place: a table of `routes`, without `source`.

        Several places and kinds may have the same table.
        """

    @abstractmethod
    def topic(self, station: Station) -> str:
        """Return the topic of a machine, or a filter for all of its topics."""

    @property
    def overhead(self) -> int:
        """Messages of the connection beside those of its machines."""
        return 0

    @abstractmethod
    def messages(self, station: Station, samples: int) -> int:
        """Return how many messages so many samples of a machine are."""

    @classmethod
    def session(cls) -> Table:
        """Return what the gateway's source needs, beside its name and URL."""
        return {}

    # For faces that have more to do with their connection.

    def will(self, time_ns: int) -> Publication | None:  # noqa: ARG002  # for those that have one
        """Return the Will for the next CONNECT."""
        return None

    def subscriptions(self) -> Sequence[str]:
        """Return the topic filters it listens to."""
        return ()

    def connected(self, time_ns: int) -> Sequence[Action]:  # noqa: ARG002  # for those that say something
        """Return what is to be said when the connection is there."""
        return ()

    def received(self, topic: str, payload: bytes, time_ns: int) -> Sequence[Action]:  # noqa: ARG002  # likewise
        """Return what follows from a message of the broker."""
        return ()

    def leaving(self, time_ns: int) -> Sequence[Action]:  # noqa: ARG002  # likewise
        """Return what is to be said before the connection is ended on purpose."""
        return (Disconnect(),)

    def lost(self) -> None:  # noqa: B027  # most need not know
        """Take note that the connection is no more."""
