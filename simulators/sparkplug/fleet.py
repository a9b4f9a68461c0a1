"""Runs many edge nodes, each over a connection of its own, at the pace of the wall clock."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from simulators.broker import Broker
from simulators.delivery.connection import BrokerRefusedError
from simulators.machines.device import Device
from simulators.machines.meter import EnergyMeter
from simulators.machines.mill import CncMill
from simulators.sparkplug.driver import Driver
from simulators.sparkplug.faults import make_faults
from simulators.sparkplug.node import EdgeNode
from simulators.sparkplug.plan import plan
from simulators.timetable import SECOND_NS, Timetable

_LOGINS = 50
"""Nodes that log in at a time, so that a broker's queue of connections is not overrun."""


def edge_nodes(
    group: str,
    nodes: int,
    devices: int,
    *,
    seed: int = 1,
    faults: Iterable[str] = (),
    primary_host: str | None = None,
    remembered: int = 0,
) -> list[EdgeNode]:
    """Return edge nodes `edge-1`, `edge-2`, ... with two mills to each energy meter, all measured once a second.

    Devices are numbered through all nodes, so that none shares its name. The fault `same_descriptor_twice` makes two of
    each node.

    Raises:
        ValueError: There is no fault of that name.
    """
    faults = list(faults)
    numbers = count(1)
    made = []
    for number in range(1, nodes + 1):
        name = f"edge-{number}"
        what = plan(group, name, [_machine(next(numbers), seed) for _ in range(devices)], seed)
        of_node = make_faults(faults)
        twins = [of_node, make_faults(faults)] if any(fault.has_twin for fault in of_node) else [of_node]
        made += [EdgeNode(what, twin, primary_host=primary_host, remembered=remembered) for twin in twins]
    return made


def _machine(number: int, seed: int) -> Device:
    if number % 3:
        return CncMill(f"mill-{number}", seed)
    return EnergyMeter(f"meter-{number}", seed, base=24.0, rating=60.0)


class Fleet:
    """Many edge nodes on one broker.

    Attributes:
        drivers: One for each node, in their order.

    Args:
        nodes: The nodes.
        broker: Where they live.
        rate: Samples are taken this many times as often as the plans of the nodes say. Machines live in steps of a
            second: who is asked more often says the same again, and so a node that reports by exception is silent.
        tell: Called with a sentence when a connection is lost or cannot be made.

    Raises:
        ValueError: A machine would have more than 1000 samples a second.
    """

    def __init__(
        self, nodes: Sequence[EdgeNode], broker: Broker, *, rate: float = 1.0, tell: Callable[[str], None]
    ) -> None:
        gate = asyncio.Semaphore(_LOGINS)
        self.drivers = [Driver(node, broker, tell, gate) for node in nodes]
        self._turns = [(driver, part) for driver in self.drivers for part in range(len(driver.node.plan.parts))]
        periods_ns = [round(driver.node.plan.parts[part].period_ns / rate) for driver, part in self._turns]
        self._timetable = Timetable(periods_ns, time.time_ns())
        self._stopping = asyncio.Event()

    @property
    def counts(self) -> Counter[str]:
        """What all nodes have done: messages by type, `rebirth`, `command`, `connections`, `skipped`, `forgotten`."""
        total: Counter[str] = Counter()
        for driver in self.drivers:
            total += driver.node.counts
            total["connections"] += driver.connections
            total["skipped"] += driver.skipped
            total["forgotten"] += driver.node.backlog.forgotten
        total["skipped"] += self._timetable.skipped
        return total

    @property
    def born(self) -> int:
        """How many nodes have said their births and not their deaths."""
        return sum(driver.node.is_born for driver in self.drivers)

    def stop(self) -> None:
        """Have all nodes say their deaths and leave; `run` returns when they have."""
        self._stopping.set()

    async def run(self, duration: float | None = None) -> None:
        """Run until stopped, or for so many seconds.

        Raises:
            BrokerRefusedError: The broker does not let a node in.
        """
        refusal: BrokerRefusedError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for driver in self.drivers:
                    group.create_task(driver.live(), name=driver.node.plan.node)
                measuring = group.create_task(self._measure(), name="measure")
                try:
                    async with asyncio.timeout(duration):
                        await self._stopping.wait()
                except TimeoutError:
                    pass  # its time is over
                measuring.cancel()
                for driver in self.drivers:
                    driver.leave()
        except* BrokerRefusedError as errors:
            refusal = _first(errors)
        if refusal is not None:
            raise refusal

    async def _measure(self) -> None:
        while True:
            for sample in self._timetable.due(time.time_ns()):
                driver, part = self._turns[sample.station]
                driver.measure(part, sample.time_ns)
            await asyncio.sleep(self._timetable.wait_ns(time.time_ns()) / SECOND_NS)


def _first(group: BaseExceptionGroup[BrokerRefusedError]) -> BrokerRefusedError:
    """Return the first error of a group of groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
