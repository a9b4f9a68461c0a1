"""Units whose cycle is a row of phases of known length: a shot of a moulding machine, a stroke, a robot's program.

What a cycle takes longer than its phases is waiting at their end. The load of each phase is known as a mean; what a
second draws is the exact integral over the phases that it touches, however short they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from simulators.machines.states import Reliability
from simulators.machines.unit import Unit


class Phase(NamedTuple):
    """A part of a cycle.

    Attributes:
        name: In one word.
        seconds: How long it takes.
        load: What it draws beyond the idle machine: mean in kW.
    """

    name: str
    seconds: float
    load: float


class Phases:
    """The phases of a cycle, one after the other.

    Attributes:
        all: Of a cycle, in their order.
        seconds: How long they take together.
    """

    def __init__(self, phases: Sequence[Phase]) -> None:
        self.all = tuple(phases)
        self._ends = tuple(accumulate(phase.seconds for phase in phases))
        self._work = (0.0, *accumulate(phase.seconds * phase.load for phase in phases))
        self.seconds = self._ends[-1]

    def at(self, elapsed: float) -> tuple[int, float]:
        """Return which phase it is after so many seconds of the cycle, and what share of it is done.

        After the last it stays the last, which is done.
        """
        if elapsed >= self.seconds:
            return len(self.all) - 1, 1.0
        index = bisect_right(self._ends, elapsed)
        seconds = self.all[index].seconds
        return index, 1 - (self._ends[index] - elapsed) / seconds

    def work(self, elapsed: float) -> float:
        """Return what has been drawn since the beginning of the cycle, in kJ."""
        if elapsed >= self.seconds:
            return self._work[-1]
        index = bisect_right(self._ends, elapsed)
        return self._work[index + 1] - (self._ends[index] - elapsed) * self.all[index].load


class PhasedUnit(Unit):
    """A unit that goes through phases.

    Attributes:
        pace: How fast, as a share of the usual speed.
    """

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self.pace = 1.0
        self._elapsed = 0.0
        self._counted = 0

    @property
    def elapsed(self) -> float:
        """Seconds of the cycle in work that are done, as they would be at the usual speed; 0 with nothing in work."""
        return (self._cycle - self._cycle_left) * self.pace if self._loaded else 0.0

    def advance(self, phases: Phases) -> float:
        """Return the mean load of the last second in kW; to be called once in each."""
        before, now = self._elapsed, self.elapsed
        ended = (self.finished - self._counted) // self.batch
        self._elapsed, self._counted = now, self.finished
        if now == before and not ended:
            return 0.0
        work = phases.work(now) - phases.work(before)
        if ended:
            work += ended * phases.work(phases.seconds)
        return max(0.0, work)
