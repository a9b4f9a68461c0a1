"""Room for newcomers at the bounds: who is gone longest is forgotten, so that nobody is refused for ever."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from operator import itemgetter

from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.evidence import Evidence
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.nodes import Nodes
from adapters.sparkplug.rebirths import Rebirths

_QUIET_NS = 60_000_000_000
"""How long nothing was heard of who is stale, or waits for a birth, before it may be forgotten."""
_FEW = 100
_PAUSE_NS = 100_000
"""Least time, for each that is known, until all are looked through again: it takes less than a hundredth of that."""

_Gone = tuple[int, EdgeNode, str]
"""Since when, and who: an edge node, or one of its devices by name."""


class Room:
    """Forgets edge nodes and devices where there is no room for others.

    Those that are dead, and those of which nothing was heard for a minute while nobody knows whether they are there:
    stale since the connection was lost, or waiting for a birth. What was told of them stays told. What waits for their
    birth stays held; since nobody remembers then of which session it is, that birth explains it only with a proof.
    """

    def __init__(self, nodes: Nodes, interpreter: Interpreter, rebirths: Rebirths, evidence: Evidence) -> None:
        self._nodes, self._interpreter, self._rebirths, self._evidence = nodes, interpreter, rebirths, evidence
        self._for_node, self._for_device, self._for_metrics = _Search(nodes), _Search(nodes), _Search(nodes)

    def for_node(self, now_ns: int) -> None:
        """Forget the edge node that is gone longest, if there is one."""
        for node, _ in self._for_node.longest_gone(now_ns, nodes=True):
            self._forget_node(node, now_ns)
            return

    def for_device(self, now_ns: int) -> None:
        """Forget the device that is gone longest, if there is one."""
        for node, name in self._for_device.longest_gone(now_ns, devices=True):
            self._forget_device(node, name, now_ns)
            return

    def for_metrics(self, station: Station, count: int) -> None:
        """Forget who is gone longest until so many more metrics of a station have room, if there are enough."""
        until = self._interpreter.metrics - count
        now_ns = station.last_seen_ns
        for node, name in self._for_metrics.longest_gone(now_ns, nodes=True, devices=True):
            gone = [node.devices[name]] if name else list(node.stations())
            if any(one is station for one in gone) or not any(one.by_name for one in gone):
                continue
            if name:
                self._forget_device(node, name, now_ns)
            else:
                self._forget_node(node, now_ns)
            if self._interpreter.metrics <= until:
                return

    def _forget_node(self, node: EdgeNode, now_ns: int) -> None:
        for station in node.stations():
            self._forget_station(station)
        self._rebirths.died(node.key, node.asking)
        self._nodes.forget(node, now_ns)

    def _forget_device(self, node: EdgeNode, name: str, now_ns: int) -> None:
        self._forget_station(node.devices[name])
        self._nodes.forget_device(node, name, now_ns)

    def _forget_station(self, station: Station) -> None:
        self._interpreter.forget(station)
        self._evidence.forget(station)


class _Search:
    """Who is gone, found all at once and used up one by one: to look through all for each newcomer would take long."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._found: deque[_Gone] = deque()
        self._looked_ns = 0

    def longest_gone(
        self, now_ns: int, *, nodes: bool = False, devices: bool = False
    ) -> Iterator[tuple[EdgeNode, str]]:
        """Yield edge nodes and devices that are gone, the one that is so longest first."""
        known = len(self._nodes) + self._nodes.devices
        if not self._found and (known <= _FEW or not 0 <= now_ns - self._looked_ns < known * _PAUSE_NS):
            self._looked_ns = now_ns
            self._found.extend(sorted(self._look(now_ns, nodes=nodes, devices=devices), key=itemgetter(0)))
        while self._found:
            _, node, name = self._found.popleft()
            device = node.devices.get(name)
            if node.forgotten or (name and device is None):
                continue
            since_ns = _since(node, now_ns) if device is None else _device_since(node, name, device, now_ns)
            if since_ns is not None:
                yield node, name

    def _look(self, now_ns: int, *, nodes: bool, devices: bool) -> Iterable[_Gone]:
        for node in self._nodes:
            if nodes and (since_ns := _since(node, now_ns)) is not None:
                yield since_ns, node, ""
            for name, device in node.devices.items() if devices else ():
                if (since_ns := _device_since(node, name, device, now_ns)) is not None:
                    yield since_ns, node, name


def _since(node: EdgeNode, now_ns: int) -> int | None:
    """Return since when an edge node is gone; None if it may be there."""
    own, heard_ns = node.own, max(node.last_seen_ns, node.lost_ns)
    if own.born and not node.unverified:
        return None
    is_dead = own.deaths > 0 and not (own.online or node.provisional or node.waiting)
    return heard_ns if is_dead or now_ns - heard_ns > _QUIET_NS else None


def _device_since(node: EdgeNode, name: str, device: Station, now_ns: int) -> int | None:
    """Return since when a device, or its edge node, is gone; None if it may be there."""
    since_ns = _since(node, now_ns)
    if since_ns is not None or device.born or device.awaited_ns:
        return since_ns
    heard_ns = max(device.last_seen_ns, device.ended_ns)
    was_there = device.births > 0 or device.deaths > 0
    is_dead = was_there and not (device.online or node.provisional or node.device_key(name) in node.waiting)
    return heard_ns if is_dead or now_ns - heard_ns > _QUIET_NS else None
