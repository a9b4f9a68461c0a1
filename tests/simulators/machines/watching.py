"""Let a machine live for a while, and look at what was true in each second."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.machines.device import PLENTY, STEP_NS, Device, Order, Surroundings
from simulators.machines.signal import Value

BEGIN_NS = 1_760_000_000 * STEP_NS
NOTHING: frozenset[str] = frozenset()


class Watch:
    """A machine, and its values since it was first watched.

    Args:
        machine: What is watched.
        order: What it is to make by default.
    """

    def __init__(self, machine: Device, order: Order | None) -> None:
        self.machine = machine
        self.order = order
        self.seconds: list[dict[str, Value]] = []
        self.powers: list[float] = []

    def live(
        self,
        seconds: int,
        *,
        planned: bool = True,
        supply: int = PLENTY,
        room: int = PLENTY,
        troubles: frozenset[str] = NOTHING,
    ) -> None:
        """Live on for so many seconds."""
        usual = Surroundings(0, planned, self.order, supply, room, troubles=troubles)
        for _ in range(seconds):
            self.machine.step(usual._replace(time_ns=BEGIN_NS + len(self.seconds) * STEP_NS))
            self.seconds.append(self.machine.values())
            self.powers.append(self.machine.power)

    def numbers(self, name: str, begin: int = 0, end: int | None = None) -> list[float]:
        """Return the values of a signal in these seconds."""
        return [float(values[name]) for values in self.seconds[begin:end]]

    def during(self, **wanted: Value) -> Iterator[tuple[int, dict[str, Value]]]:
        """Return the seconds in which signals have these values, with their numbers."""
        for number, values in enumerate(self.seconds):
            if all(values[name] == value for name, value in wanted.items()):
                yield number, values

    def first(self, **wanted: Value) -> int:
        """Return the first second in which signals have these values."""
        return next(number for number, _ in self.during(**wanted))
