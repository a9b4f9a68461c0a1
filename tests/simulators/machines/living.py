"""What the tests of the machines have in common: a machine lives for a while in surroundings that stay as they are."""

from __future__ import annotations

from simulators.machines.device import STEP_NS, Device, Surroundings
from simulators.machines.signal import Value

MIDNIGHT_NS = 1_760_054_400 * STEP_NS


def live(device: Device, seconds: int, surroundings: Surroundings) -> list[dict[str, Value]]:
    """Return the true values of each second; the time of the surroundings goes on from where the machine is."""
    begin_ns = device.time_ns or MIDNIGHT_NS
    lived = []
    for second in range(1, seconds + 1):
        device.step(surroundings._replace(time_ns=begin_ns + second * STEP_NS))
        lived.append(device.values())
    return lived


def floats(lived: list[dict[str, Value]], name: str) -> list[float]:
    """Return the values of one signal."""
    return [float(values[name]) for values in lived]


def mean(values: list[float]) -> float:
    """Return the mean of some values."""
    return sum(values) / len(values)
