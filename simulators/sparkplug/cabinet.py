"""The edge node's own hardware, a small computer in a switch cabinet: what NBIRTH and NDATA tell of it."""

from __future__ import annotations

from simulators.machines.device import Device, Surroundings
from simulators.machines.physics import Wander
from simulators.machines.signal import Signal, Value

_POWER = 0.018
"""kW, as usual for a computer without fan on a mounting rail."""
_VISITS, _VISIT = 7_200.0, 90.0
"""Mean seconds between two openings of the door, and how long it is open."""


class Cabinet(Device):
    """A computer in a cabinet, whose door is opened for a minute and a half about every two hours.

    Its signals are called as its metrics are. It is no machine of a plant, and not among `simulators.machines`.
    """

    kind = "edge_node"
    title = "Edge node"
    signals = (
        Signal("Properties/Software", "text", "", "What runs on it"),
        Signal("health/cpu_load", "float", "percent", "Of all its cores", 1, low=0.0, high=100.0),
        Signal("health/memory_free", "int", "MB", "Memory that is free", low=0, high=512),
        Signal("health/door_contact", "bool", "", "Whether the door of the cabinet is open"),
    )

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name, seed)
        self._load = Wander(self.random, 3.0, 31.0)
        self._memory = Wander(self.random, 15.0, 900.0)
        self._opens_in = self.random.expovariate(1 / _VISITS)

    def run(self, surroundings: Surroundings) -> float:  # noqa: ARG002  # nothing around it matters
        """Live through a second, and return the mean power in kW."""
        self._load.follow()
        self._memory.follow()
        self._opens_in -= 1
        if self._opens_in <= -_VISIT:
            self._opens_in = self.random.expovariate(1 / _VISITS)
        return _POWER

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        return {
            "Properties/Software": "edge-node 1.0",
            "health/cpu_load": 18.0 + self._load.value,
            "health/memory_free": round(240 + self._memory.value),
            "health/door_contact": self._opens_in <= 0,
        }
