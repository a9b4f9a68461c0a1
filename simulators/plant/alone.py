"""A machine by itself: no line, no shifts and no neighbours; whoever asks for a time gets what it tells then."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.machines.device import STEP_NS, Device, Order, Surroundings
from simulators.machines.signal import Value

_ORDER = Order("bracket", 45.0)
_FAR = 86_400
"""Seconds, beyond which nobody has been waiting: the clock was set."""


class Alone:
    """A machine that is always planned to make the same, and lives up to the time for which it is asked.

    The first time asked for is its beginning. From then on it lives second by second, and is read at each: a machine of
    the same name and seed that has begun at the same second tells the same at any later one, whatever was asked
    between. Between two seconds it tells what it told at the earlier one, and for a time that has passed what it told
    last. A jump of the clock by more than a day, to either side, is not lived through: the machine goes on from there
    as it is.

    Args:
        device: The machine, at its first moment.
        order: What it makes.
    """

    def __init__(self, device: Device, order: Order = _ORDER) -> None:
        self._device = device
        self._order = order
        self._second: int | None = None
        self._told: Mapping[str, Value] = {}

    def read(self, time_ns: int) -> Mapping[str, Value]:
        """Return what it tells at a time, in nanoseconds since 1970-01-01T00:00:00Z."""
        second = time_ns // STEP_NS
        if self._second is None or abs(second - self._second) > _FAR:
            self._second = second
            self._device.time_ns = second * STEP_NS
            self._told = self._device.read()
        while self._second < second:
            self._second += 1
            self._device.step(Surroundings(self._second * STEP_NS, order=self._order))
            self._told = self._device.read()
        return self._told
