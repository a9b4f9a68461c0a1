"""A line of a plant: what it makes, and how its machines hand parts on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulators.machines.device import PLENTY, Device, Order
from simulators.machines.unit import Unit
from simulators.plant import scenario
from simulators.plant.calendar import Calendar


class Line:
    """The machines of one line: one after the other with places for parts between them, or each by itself.

    Attributes:
        units: Those that follow each other, in their order; none where each works by itself.
        between: Parts between each machine and the next, where they follow each other.
        planned: Whether the last step was planned time of production.

    Args:
        described: What the scenario says of it.
        products: What there is to make.
        calendar: When it is planned to.
        devices: Its machines, in their order.
    """

    def __init__(
        self,
        described: scenario.Line,
        products: Mapping[str, scenario.Product],
        calendar: Calendar,
        devices: Sequence[Device],
    ) -> None:
        self.planned = False
        self._orders = described.plan
        self._products = products
        self._calendar = calendar
        self._made = 0.0
        self._turn = 0
        self._product = ""
        self._works: dict[tuple[str, str], Order] = {}
        self._places = described.buffer or 0
        self.units = [device for device in devices if isinstance(device, Unit)] if described.buffer else []
        self._position = {unit.name: number for number, unit in enumerate(self.units)}
        self.between = [0] * max(0, len(self.units) - 1)

    def begin_step(self, time_ns: int) -> None:
        """Let a second begin, which ends at this time: the plan goes on, in planned time."""
        self.planned = self._calendar.planned(time_ns)
        if not self._orders:
            return
        if self.planned:
            if self._made >= self._orders[self._turn].time:
                self._turn = (self._turn + 1) % len(self._orders)
                self._made = 0.0
            self._made += 1
        self._product = self._orders[self._turn].product

    def work(self, kind: str) -> Order | None:
        """Return what a kind of machine is to do."""
        if not self._product:
            return None
        key = (self._product, kind)
        if (work := self._works.get(key)) is None:
            work = self._works[key] = Order(self._product, self._products[self._product].cycle(kind))
        return work

    def around(self, device: Device) -> tuple[int, int]:
        """Return how many parts lie before a machine, and how many find room behind it."""
        position = self._position.get(device.name)
        if position is None:
            return PLENTY, PLENTY
        supply = self.between[position - 1] if position else PLENTY
        room = self._places - self.between[position] if position < len(self.between) else PLENTY
        return supply, room

    def end_step(self) -> None:
        """Hand on what the machines took and gave in this step."""
        for number, (before, behind) in enumerate(zip(self.units, self.units[1:], strict=False)):
            self.between[number] += before.gave - behind.took
