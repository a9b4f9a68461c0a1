"""The edge nodes of a host, bounded, and who speaks on which topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    Attributes:
        make_room_for_node: Forgets an edge node, given the time, if there is one to forget.
        make_room_for_device: Forgets a device likewise.
        devices: How many devices all of them have together.
        nodes_forgotten: Edge nodes that made room for others, since the start.
        devices_forgotten: Devices that did, without their edge nodes.
        forgotten_ns: When the last of them was forgotten.
    """

    def __init__(self, max_nodes: int, max_devices: int) -> None:
        self._max_nodes, self._max_devices = max_nodes, max_devices
        self.make_room_for_node: Callable[[int], None] = lambda _now_ns: None
        self.make_room_for_device: Callable[[int], None] = lambda _now_ns: None
        self.devices = self.nodes_forgotten = self.devices_forgotten = 0
        self.forgotten_ns = 0
        self._nodes: dict[str, EdgeNode] = {}
        self._lines: dict[str, Line] = {}

    def __iter__(self) -> Iterator[EdgeNode]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def has_room(self) -> bool:
        """Whether another edge node with a device would be taken, and nobody need be forgotten for it."""
        return len(self._nodes) < self._max_nodes and self.devices < self._max_devices

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

    def node(self, line: Line, now_ns: int) -> EdgeNode:
        """Return the edge node of a topic, new if it was not known.

        Raises:
            ValueError: There is no room for another one.
        """
        if line.node is None or line.node.forgotten:
            address = line.address
            line.node = line.station = None
            node = self._nodes.get(address.descriptor)
            if node is None:
                if len(self._nodes) >= self._max_nodes:
                    self.make_room_for_node(now_ns)
                if len(self._nodes) >= self._max_nodes:
                    raise ValueError(f"more than {self._max_nodes} edge nodes: raise max_nodes if these are real")
                own = Station(place_of(address._replace(device="")))
                # If it was forgotten, what waits of it was said before that: nobody knows in which session.
                node = EdgeNode(address.group, address.node, own, ended_ns=self.forgotten_ns)
                self._nodes[address.descriptor] = node
            line.node = node
            line.station = node.devices.get(address.device) if address.device else node.own
        return line.node

    def station(self, line: Line, now_ns: int) -> Station:
        """Return the edge node itself or the device that a topic is about, new if it was not known.

        Raises:
            ValueError: There is no room for another one.
        """
        node = self.node(line, now_ns)
        if line.station is None or line.station.forgotten:
            device = line.address.device
            line.station = None
            station = node.devices.get(device)
            if station is None:
                if self.devices >= self._max_devices:
                    self.make_room_for_device(now_ns)
                if self.devices >= self._max_devices:
                    raise ValueError(f"more than {self._max_devices} devices: raise max_devices if these are real")
                self.devices += 1
                station = Station(place_of(line.address), last_seen_ns=now_ns, ended_ns=self.forgotten_ns)
                node.devices[device] = station
            line.station = station
        return line.station

    def forget(self, node: EdgeNode, now_ns: int) -> None:
        """Forget an edge node with its devices."""
        del self._nodes[node.key]
        node.forgotten = True
        for station in node.stations():
            station.forgotten = True
        self.devices -= len(node.devices)
        self.nodes_forgotten += 1
        self.forgotten_ns = max(self.forgotten_ns, now_ns)

    def forget_device(self, node: EdgeNode, name: str, now_ns: int) -> None:
        """Forget a device."""
        node.devices.pop(name).forgotten = True
        self.devices -= 1
        self.devices_forgotten += 1
        self.forgotten_ns = max(self.forgotten_ns, now_ns)

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set ahead by this, or back."""
        self.forgotten_ns += step_ns if self.forgotten_ns else 0


def place_of(address: Address) -> dict[str, str]:
    """Return what a topic says of whose its values are, in words for templates."""
    place = {"group": address.group, "node": address.node, "machine": address.device or address.node}
    if address.device:
        place["device"] = address.device
    return place
