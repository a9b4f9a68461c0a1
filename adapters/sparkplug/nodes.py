"""The edge nodes of a host, bounded, and who speaks on which topic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.topics import Address, MessageType, parse

_MAX_TOPICS = 200_000


@dataclass(slots=True)
class Line:
    """A topic, and who speaks on it.

    Attributes:
        is_data: Whether it carries NDATA or DDATA.
        node: The edge node, once it is known.
        station: What its metrics belong to: the edge node or one of its devices.
    """

    address: Address
    is_data: bool
    node: EdgeNode | None = None
    station: Station | None = None


class Nodes:
    """All edge nodes that were heard of.

    Args:
        max_nodes: How many are known at a time.
        max_devices: How many devices all of them have together.
    """

    def __init__(self, max_nodes: int, max_devices: int) -> None:
        self._max_nodes, self._max_devices = max_nodes, max_devices
        self._devices = 0
        self._nodes: dict[str, EdgeNode] = {}
        self._lines: dict[str, Line] = {}

    def __iter__(self) -> Iterator[EdgeNode]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, descriptor: str) -> EdgeNode | None:
        """Return an edge node by group and node."""
        return self._nodes.get(descriptor)

    def line(self, topic: str) -> Line:
        """Return who speaks on a topic.

        Raises:
            ValueError: It is no topic of Sparkplug B.
        """
        line = self._lines.get(topic)
        if line is None:
            address = parse(topic)
            if len(self._lines) >= _MAX_TOPICS:
                self._lines.clear()
            is_data = address.type in (MessageType.NDATA, MessageType.DDATA)
            line = self._lines[topic] = Line(address, is_data)
        return line

    def node(self, line: Line) -> EdgeNode:
        """Return the edge node of a topic, new if it was not known.

        Raises:
            ValueError: There is no room for another one.
        """
        if line.node is None:
            address = line.address
            node = self._nodes.get(address.descriptor)
            if node is None:
                if len(self._nodes) >= self._max_nodes:
                    raise ValueError(f"more than {self._max_nodes} edge nodes: raise max_nodes if these are real")
                own = Station(place_of(address._replace(device="")))
                node = self._nodes[address.descriptor] = EdgeNode(address.group, address.node, own)
            line.node = node
            line.station = node.devices.get(address.device) if address.device else node.own
        return line.node

    def station(self, line: Line) -> Station:
        """Return the edge node itself or the device that a topic is about, new if it was not known.

        Raises:
            ValueError: There is no room for another one.
        """
        node = self.node(line)
        if line.station is None:
            device = line.address.device
            station = node.devices.get(device)
            if station is None:
                if self._devices >= self._max_devices:
                    raise ValueError(f"more than {self._max_devices} devices: raise max_devices if these are real")
                self._devices += 1
                station = node.devices[device] = Station(place_of(line.address))
            line.station = station
        return line.station


def place_of(address: Address) -> dict[str, str]:
    """Return what a topic says of whose its values are, in words for templates."""
    place = {"group": address.group, "node": address.node, "machine": address.device or address.node}
    if address.device:
        place["device"] = address.device
    return place
