"""Store and forward: what a node measured while nobody listened."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from simulators.sparkplug.plan import Content


class Kept(NamedTuple):
    """The values of one sample that changed.

    Attributes:
        part: Index of the device, 0 for the node.
        timestamp_ms: When they were measured.
        values: By the keys of their channels.
    """

    part: int
    timestamp_ms: int
    values: Mapping[str, Content]


class Backlog:
    """A bounded queue; where it is full the oldest goes, and is counted.

    Attributes:
        forgotten: Values that found no room.

    Args:
        room: How many values it holds, at most.
    """

    def __init__(self, room: int) -> None:
        self.forgotten = 0
        self._room = room
        self._values = 0
        self._kept: deque[Kept] = deque()

    def __len__(self) -> int:
        return self._values

    def keep(self, kept: Kept) -> None:
        """Take one more sample."""
        self._kept.append(kept)
        self._values += len(kept.values)
        while self._values > self._room:
            oldest = self._kept.popleft()
            self._values -= len(oldest.values)
            self.forgotten += len(oldest.values)

    def take(self) -> list[Kept]:
        """Return all that was kept, oldest first, and forget it."""
        kept = list(self._kept)
        self._kept.clear()
        self._values = 0
        return kept
