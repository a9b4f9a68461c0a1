"""Faults of the machine's clock: what it measures is right, and the time beside it is wrong."""

from __future__ import annotations

from typing import ClassVar

from simulators.faults.fault import Fault, Moment, Readings
from simulators.plant.station import Reading

_SECOND_NS = 1_000_000_000


class _Ahead(Fault):
    """The clock is ahead while it strikes, and right again afterwards.

    Attributes:
        ahead_ns: By how much.
    """

    ahead_ns: ClassVar[int]

    def measure(self, reading: Reading, moment: Moment) -> Readings:
        """Put a later time beside the values."""
        return (reading._replace(time_ns=reading.time_ns + self.ahead_ns) if moment.is_on else reading,)


class ClockSkew(_Ahead):
    """The clock is 90 seconds ahead: not enough for anyone to see."""

    name = "clock_skew"
    title = "the clock is 90 seconds ahead"
    reaction = "believes it: up to 5 minutes ahead no machine's clock is judged"
    ahead_ns = 90 * _SECOND_NS


class ClockJump(_Ahead):
    """The clock jumps ahead by 67 minutes, which no time zone explains, and back when the fault ends."""

    name = "clock_jump"
    title = "the clock jumps 67 minutes ahead, and later back"
    reaction = "does not believe a time in the future: stores under the time of receipt, `time_status` says why"
    ahead_ns = 67 * 60 * _SECOND_NS


class DaylightSaving(_Ahead):
    """The machine was set to summer time and calls it UTC: an hour ahead."""

    name = "daylight_saving"
    title = "local time is sent as UTC: exactly an hour ahead, as after a change to summer time"
    reaction = "stores under the time of receipt; `time_status` names the whole quarter hours of a wrong time zone"
    ahead_ns = 3600 * _SECOND_NS
