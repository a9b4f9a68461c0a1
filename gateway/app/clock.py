"""What it means for the gateway that somebody has set the clock of the system."""

from __future__ import annotations

import time

import structlog

from gateway.clock import Clock
from gateway.normalize import SeriesStates
from gateway.status import Status

REMIND = 60.0
"""Seconds between two lines of the log: a clock that is set all the time must not fill the disk."""

log = structlog.get_logger()


class ClockWatch:
    """Tells that the clock was set, and lets nothing that is remembered look older or younger for it."""

    def __init__(self, clock: Clock, states: SeriesStates, status: Status) -> None:
        self._states, self._status = states, status
        self._told_at: float | None = None
        clock.on_step.append(self.clock_was_set)

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set ahead by so many nanoseconds, or back."""
        self._states.clock_was_set(step_ns)
        self._status.clock_was_set(step_ns)
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= REMIND:
            self._told_at = now
            log.warning(
                "The system clock was set. The new time is followed: what has no time of its own is stored under it",
                ahead_by_s=round(step_ns / 1e9, 3),
                steps=self._status.clock_steps,
            )
