"""Faults of the way: messages that come twice, in another order, minutes late, or never."""

from __future__ import annotations

import random

from simulators.faults.fault import Actions, Fault, Moment, Strikes
from simulators.messages import Publication
from simulators.plant.station import Station

_WINDOW = 4
"""Messages among which the order is lost."""
_LEAST_NS, _MOST_NS = 60_000_000_000, 300_000_000_000
"""How late messages are."""


class Duplicate(Fault):
    """Every message is published twice."""

    name = "duplicate"
    title = "every message is published twice, byte for byte"
    reaction = "the second overwrites the first, which has the same time: each point is there once"

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Say everything twice."""
        if not moment.is_on:
            return actions
        return [each for action in actions for each in (action,) * (1 + isinstance(action, Publication))]


class Reordered(Fault):
    """Four messages at a time arrive in another order."""

    name = "reordered"
    title = "messages arrive in another order, four at a time"
    reaction = "stores each under its own time, as if they had come in order (Sparkplug: waits for the missing one)"

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._held: list[Publication] = []

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Collect four, and let them go in another order; all of them before anything that follows."""
        done = [] if moment.is_on else list(self.leaving())
        for action in actions:
            if not moment.is_on or not isinstance(action, Publication):
                done.append(action)
                continue
            self._held.append(action)
            if len(self._held) == _WINDOW:
                done += self.leaving()
        return done

    def leaving(self) -> Actions:
        """Let go what is held."""
        held, self._held = self._held, []
        if len(held) > 1:
            in_order = list(held)
            while held == in_order:
                self.random.shuffle(held)
        return held


class Late(Fault):
    """Every message arrives one to five minutes late, so that later ones may overtake it."""

    name = "late"
    title = "every message arrives one to five minutes late, and later ones overtake it"
    reaction = "stores each under its own time, whatever is there already"

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._held: list[tuple[int, int, Publication]] = []
        self._number = 0

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Let go what is due, and hold back what is said now."""
        due = sorted(each for each in self._held if each[0] <= moment.time_ns)
        self._held = [each for each in self._held if each[0] > moment.time_ns]
        done = [publication for _, _, publication in due]
        if not moment.is_on:
            return [*done, *actions]
        for action in actions:
            if isinstance(action, Publication):
                self._number += 1
                at_ns = moment.time_ns + self.random.randrange(_LEAST_NS, _MOST_NS)
                self._held.append((at_ns, self._number, action))
        return [*done, *(action for action in actions if not isinstance(action, Publication))]

    def leaving(self) -> Actions:
        """Let go what is held."""
        held, self._held = sorted(self._held), []
        return [publication for _, _, publication in held]


class Lost(Fault):
    """Every tenth message is never sent."""

    name = "lost"
    title = "every tenth message is never sent"
    reaction = "stores the others; nothing tells that one is missing (Sparkplug: the sequence does, see `seq_gap`)"

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._strikes = Strikes()

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Leave out every tenth."""
        if not moment.is_on:
            return actions
        return [action for action in actions if not (isinstance(action, Publication) and self._strikes.next())]
