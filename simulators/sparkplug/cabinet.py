"""The edge node's own hardware, a small computer in a switch cabinet: what NBIRTH and NDATA tell of it."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.machines.machine import SECOND_NS, Value
from simulators.machines.randomness import Draws
from simulators.machines.signals import Ripple

_DOOR_PERIOD_NS = 7_200 * SECOND_NS
_DOOR_OPEN_NS = 90 * SECOND_NS


class Cabinet:
    """A computer in a cabinet, whose door is opened for a minute and a half every two hours.

    Args:
        name: Name of the edge node.
        seed: Seed of the scenario.
    """

    kind = "edge_node"
    period_ns = 5 * SECOND_NS

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        draws = Draws.of(seed, self.kind, name)
        self._offset_ns = round(draws.uniform(0, _DOOR_PERIOD_NS, "door"))
        self._load = Ripple(draws, "load", 6.0, 31.0)
        self._memory = Ripple(draws, "memory", 20.0, 900.0)

    def telemetry(self, time_ns: int) -> Mapping[str, Value]:
        """Return all values at a time, by the names of their metrics."""
        return {
            "Properties/Software": "edge-node 1.0",
            "health/cpu_load": round(18.0 + self._load.value(time_ns), 1),
            "health/memory_free": round(240 + self._memory.value(time_ns)),
            "health/door_contact": (time_ns + self._offset_ns) % _DOOR_PERIOD_NS < _DOOR_OPEN_NS,
        }
