"""Faults of payloads: cut off, or far too long."""

from __future__ import annotations

import random

from simulators.faults.fault import Actions, Fault, Moment, Strikes
from simulators.messages import Publication
from simulators.plant.station import Station

SIZE = 2 * 1024 * 1024
"""Bytes of a giant message: twice what a gateway reads by default, an eighth where it has a Sparkplug session."""


class _OfSome(Fault):
    """Every tenth payload is damaged."""

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._strikes = Strikes()

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Damage every tenth."""
        if not moment.is_on:
            return actions
        return [
            action._replace(payload=self._damaged(action.payload))
            if isinstance(action, Publication) and self._strikes.next()
            else action
            for action in actions
        ]

    def _damaged(self, payload: bytes) -> bytes:
        return payload[: len(payload) // 2]


class Truncated(_OfSome):
    """Every tenth payload ends in the middle, as from a buffer that was too short.

    A bare value that is cut is another bare value; so faces that send those cannot have it.
    """

    name = "truncated"
    title = "every tenth payload ends in the middle"
    reaction = "sets it aside as a dead letter with its bytes and the reason; the others as ever"
    faces = frozenset({"json", "uns_json", "umh", "sparkplug"})


class Giant(_OfSome):
    """Every tenth payload has 2 MiB, most of them blanks, as from a buffer that is sent whole."""

    name = "giant"
    title = "every tenth payload has 2 MiB, most of them blanks: a buffer that is sent whole"
    reaction = "does not read it (`max_packet`): its first 64 KiB become a dead letter; the connection goes on"

    def _damaged(self, payload: bytes) -> bytes:
        return payload.ljust(SIZE)
