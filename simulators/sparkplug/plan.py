"""What an edge node consists of: its own metrics, its devices with theirs, and the alias of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple, TypeAlias

from adapters.sparkplug.codec import DataSet, Template
from simulators.machines.device import STEP_NS, Device
from simulators.plant.alone import Alone
from simulators.sparkplug.cabinet import Cabinet
from simulators.sparkplug.channels import Channel, channels

Content: TypeAlias = bool | int | float | str | bytes | DataSet | Template | None
"""What a metric can say; None: that there is no value."""

Sampler: TypeAlias = Callable[[int], Mapping[str, Content]]
"""Returns the values of all channels by their keys, at a time in nanoseconds; the same for the same time."""

_DEVICE_PERIOD_NS, _NODE_PERIOD_NS = STEP_NS, 5 * STEP_NS


class Part(NamedTuple):
    """A device, or what the node says of itself.

    Attributes:
        device: Name of the device; empty for the node itself.
        sample: Measures.
        channels: What it measures.
        period_ns: Time from one sample to the next.
    """

    device: str
    sample: Sampler
    channels: tuple[Channel, ...]
    period_ns: int


class NodePlan(NamedTuple):
    """An edge node and its devices.

    Attributes:
        group: Group id.
        node: Edge node id, unique in its group.
        parts: The node itself, then its devices.
    """

    group: str
    node: str
    parts: tuple[Part, ...]

    def with_channels(self, extra: Sequence[Channel], sample: Sampler, *, first_only: bool = False) -> NodePlan:
        """Return the plan with more channels, and aliases for them, in each device or only in the first."""
        aliases = count(1 + max(channel.alias or 0 for part in self.parts for channel in part.channels))
        devices = [
            part
            if first_only and number
            else part._replace(
                sample=_both(part.sample, sample),
                channels=(*part.channels, *(channel._replace(alias=next(aliases)) for channel in extra)),
            )
            for number, part in enumerate(self.parts[1:])
        ]
        return self._replace(parts=(self.parts[0], *devices))

    def with_each(self, change: Callable[[Channel], Channel]) -> NodePlan:
        """Return the plan with every channel changed."""
        return self._replace(
            parts=tuple(part._replace(channels=tuple(map(change, part.channels))) for part in self.parts)
        )


def plan(group: str, node: str, machines: Iterable[Device], seed: int) -> NodePlan:
    """Return the plan of a node that follows the rules: aliases count from 1 and are unique in the node.

    Each of its machines lives by itself, from when it is measured first.
    """
    aliases = count(1)
    cabinet = Cabinet(node, seed)
    parts = [Part("", Alone(cabinet).read, channels(cabinet.signals, aliases), _NODE_PERIOD_NS)]
    parts += [
        Part(machine.name, Alone(machine).read, channels(machine.signals, aliases), _DEVICE_PERIOD_NS)
        for machine in machines
    ]
    return NodePlan(group, node, tuple(parts))


def _both(first: Sampler, second: Sampler) -> Sampler:
    return lambda time_ns: {**first(time_ns), **second(time_ns)}
