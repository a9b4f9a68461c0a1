"""What really happened to a unit: from this the expected answers are computed, and not from its messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from simulators.machines.packml import State


@dataclass
class Truth:
    """What really happened, counted in whole seconds and parts.

    Attributes:
        planned: Planned busy time (PBT of ISO 22400-2), in seconds.
        running: Of this in state Execute and mode Production (actual production time, APT), in seconds.
        seconds: Time in each state, planned or not.
        energy: kWh in each state.
        ideal: Seconds that the finished parts would have taken at best (PRI times PQ).
    """

    planned: int = 0
    running: int = 0
    seconds: Counter[State] = field(default_factory=Counter)
    energy: defaultdict[State, float] = field(default_factory=lambda: defaultdict(float))
    ideal: float = 0.0
