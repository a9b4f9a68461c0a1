"""When each machine has its next sample taken: on a fixed grid of the wall clock, late ones caught up gently."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000

PATIENCE_NS = 2 * SECOND_NS
"""Samples that are later than this are left out."""


class Sample(NamedTuple):
    """The station whose turn it is, by its index, and the time its values are to be taken for."""

    station: int
    time_ns: int


class _Turn(NamedTuple):
    """A sample to come, sorted by the earliest time at which it may go out."""

    action_ns: int
    station: int
    due_ns: int


class Timetable:
    """Samples of many stations, each with a period of its own.

    Samples are due at multiples of the period plus an offset that differs between stations, so that they do not all
    speak at once. Their times are whole milliseconds: that is what most faces can say, and so nothing is lost.

    Who is late catches up at no more than twice the pace, and what is more than two seconds late is left out and
    counted (`skipped`): a real machine has no backlog of samples either. If the clock is set back, the grid follows.

    Args:
        periods_ns: Period of each station, one millisecond at least.
        start_ns: Samples before this time are not asked for.
    """

    def __init__(self, periods_ns: Sequence[int], start_ns: int) -> None:
        if min(periods_ns) < MILLISECOND_NS:
            raise ValueError("more than 1000 samples a second from one machine: use a lower rate")
        self.skipped = 0
        self._periods_ns = periods_ns
        self._restart(start_ns)

    def _restart(self, start_ns: int) -> None:
        self._latest_ns = start_ns
        self._turns: list[_Turn] = []
        for station, period_ns in enumerate(self._periods_ns):
            offset_ns = period_ns * station // len(self._periods_ns)
            due_ns = start_ns + (offset_ns - start_ns) % period_ns
            self._turns.append(_Turn(due_ns, station, due_ns))
        heapq.heapify(self._turns)

    def wait_ns(self, now_ns: int) -> int:
        """Return how long nothing is due, in nanoseconds; 0 if something is."""
        return max(0, self._turns[0].action_ns - now_ns)

    def due(self, now_ns: int) -> list[Sample]:
        """Return the samples that are due, at most one of each station, and plan the next of each."""
        if now_ns < self._latest_ns:  # the clock was set back
            self._restart(now_ns)
        self._latest_ns = now_ns
        samples = []
        while self._turns[0].action_ns <= now_ns:
            _, station, due_ns = self._turns[0]
            period_ns = self._periods_ns[station]
            if now_ns - due_ns > PATIENCE_NS:
                missed = (now_ns - due_ns) // period_ns
                self.skipped += missed
                due_ns += missed * period_ns
            next_ns = due_ns + period_ns
            heapq.heapreplace(self._turns, _Turn(max(next_ns, now_ns + period_ns // 2), station, next_ns))
            samples.append(Sample(station, due_ns - due_ns % MILLISECOND_NS))
        return samples
