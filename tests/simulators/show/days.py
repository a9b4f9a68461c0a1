"""Days of machines, lived once for all tests of a process."""

from __future__ import annotations

from datetime import date
from functools import cache

from simulators.show.day import Day, live

MONDAY = date(2026, 3, 2)


@cache
def lived(kind: str, seed: int = 1) -> Day:
    """Return a Monday of a machine."""
    return live(kind, seed, MONDAY)
