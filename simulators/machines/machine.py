"""What a simulated machine is: its name, its pace, and what it measures at a given time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

Value: TypeAlias = bool | int | float | str
"""What a machine can measure or say."""

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS


class Machine(Protocol):
    """A machine: a pure function of time and seed.

    The same seed, name and time give the same values, in this process and in any other, whatever was asked before and
    in whatever order. So what a window of telemetry must add up to is known without having watched it.
    """

    @property
    def name(self) -> str:
        """The name of the machine, unique in its place; it also takes part in its randomness."""

    @property
    def kind(self) -> str:
        """The type of machine, the same for all that measure the same values."""

    @property
    def period_ns(self) -> int:
        """The time from one sample to the next, in nanoseconds."""

    def telemetry(self, time_ns: int) -> Mapping[str, Value]:
        """Return all values at a time, in nanoseconds since 1970-01-01T00:00:00Z, always in the same order."""
