"""What follows from time having passed: gaps given up, births asked for, silence noticed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from adapters.sparkplug.commands import rebirth_request
from adapters.sparkplug.edge_node import EdgeNode
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.lifecycle import TWINS, Lifecycle
from adapters.sparkplug.nodes import Nodes
from adapters.sparkplug.options import SparkplugOptions
from adapters.sparkplug.rebirths import Rebirths
from gateway.models import Command, Decoded, Observation

_SECOND_NS = 1_000_000_000
_DEFINITIONS_AT_ONCE = 500
_MOST_COMMANDS = 1000
_STEP_NS = 1_000_000_000
"""A time that is less than this before the last one is that of a message that was read before it."""
_STALE_AT_ONCE = 20_000
"""Metrics of which it is said at once that they are stale: a hundred thousand at once would hold up all others."""


class Passing:
    """Acts as time passes.

    Args:
        options: As configured.
        nodes: The edge nodes.
        interpreter: Keeps what is to be told of the meaning of values.
        rebirths: Asks for births.
        lifecycle: Says what the end of an edge node means.
    """

    def __init__(
        self,
        options: SparkplugOptions,
        nodes: Nodes,
        interpreter: Interpreter,
        rebirths: Rebirths,
        lifecycle: Lifecycle,
    ) -> None:
        self._options, self._nodes, self._interpreter = options, nodes, interpreter
        self._rebirths, self._lifecycle = rebirths, lifecycle
        self._now_ns = 0
        self._lost: list[EdgeNode] = []
        self.may_ask = False
        """Whether there is a connection, and room for what would come."""
        self.commands: deque[Command] = deque(maxlen=_MOST_COMMANDS)
        """What people want to be sent."""

    def lose(self, now_ns: int) -> None:
        """Take note that the connection is lost: of nothing is known any more whether it is so."""
        self.may_ask = False
        self._lifecycle.past.forget()  # of them, as of all, it is said now
        for node in self._nodes:
            if not node.unverified:  # else it was lost before, and was not heard since
                node.unverified, node.lost_ns = True, now_ns
        self._lost = list(self._nodes)

    def advance(self, now_ns: int) -> Iterator[Decoded]:
        """Yield what follows from its being this time now."""
        if now_ns < self._now_ns - _STEP_NS:
            self._clock_was_set(now_ns - self._now_ns)
            self._now_ns = now_ns
        self._now_ns = now_ns = max(now_ns, self._now_ns)
        self._lifecycle.past.begin(self._nodes)
        self._lost += self._lifecycle.past.overdue(now_ns)
        yield from self._say_what_is_lost(now_ns)
        for node in list(self._nodes):
            yield from self._look_at(node, now_ns)
        if self.may_ask:
            yield from self._ask(now_ns)
        for _ in range(min(_DEFINITIONS_AT_ONCE, len(self._interpreter.definitions))):
            yield self._interpreter.definitions.popleft()

    def _say_what_is_lost(self, now_ns: int) -> Iterator[Decoded]:
        said = 0
        while self._lost and said < _STALE_AT_ONCE:
            node = self._lost.pop()
            if node.unverified:
                for thing in self._lifecycle.lose(node, min(now_ns, node.lost_ns or now_ns)):
                    said += len(thing.values) if isinstance(thing, Observation) else 0
                    yield thing

    def _look_at(self, node: EdgeNode, now_ns: int) -> Iterator[Decoded]:
        sequence = node.sequence
        if sequence.gap_ns and now_ns - sequence.gap_ns >= self._options.reorder_timeout:
            sequence.give_up(now_ns)
            self._rebirths.want(node.key, node.asking, "a gap in the sequence", now_ns)
            yield node.release(node.order_key)
        if node.probe_ns and now_ns >= node.probe_ns:
            node.probe_ns = 0
            if node.own.online and now_ns - node.last_seen_ns >= self._options.reorder_timeout:
                yield from self._lifecycle.end(node, now_ns)
        for device in node.devices.values():
            if device.awaited_ns and now_ns - device.awaited_ns >= self._options.reorder_timeout:
                since_ns, device.awaited_ns = device.awaited_ns, 0
                yield from self._lifecycle.missing(device, since_ns)
        if not node.own.born and node.asking.fruitless >= self._options.fruitless_rebirths and not node.provisional:
            node.provisional = True
            for station in node.stations():
                station.by_alias = {}  # of a session that is over
            yield node.release(node.key)
        if node.asking.fruitless >= self._options.fruitless_rebirths:
            self._rebirths.settle(node.key, node.asking, TWINS)
        is_silent = self._options.silence and now_ns - node.last_seen_ns > self._options.silence
        if is_silent and node.own.online and not self._lifecycle.past.awaits(node):
            self._rebirths.want(node.key, node.asking, "silence", now_ns)
            node.probe_ns = node.probe_ns or now_ns + 2 * self._options.rebirth_backoff

    def _ask(self, now_ns: int) -> Iterator[Command]:
        while self.commands:
            yield self.commands.popleft()
        for key, _ in self._rebirths.due(now_ns):
            node = self._nodes.get(key)
            if node is not None:
                yield rebirth_request(node.group, node.name, now_ns)

    def _clock_was_set(self, step_ns: int) -> None:
        self._rebirths.clock_was_set([node.asking for node in self._nodes], step_ns)
        self._lifecycle.evidence.clock_was_set(step_ns)
        self._nodes.clock_was_set(step_ns)
        self._lifecycle.past.clock_was_set(step_ns)
        for node in self._nodes:
            node.sequence.clock_was_set(step_ns)
            node.probe_ns += step_ns if node.probe_ns else 0
            node.last_seen_ns += step_ns
            node.lost_ns += step_ns if node.lost_ns else 0
            node.ended_ns += step_ns if node.ended_ns else 0
            for station in node.stations():
                station.last_seen_ns += step_ns if station.last_seen_ns else 0
                station.born_ns += step_ns
                station.aliases_ns += step_ns
                station.before_ns += step_ns
                station.ended_ns += step_ns if station.ended_ns else 0
                station.awaited_ns += step_ns if station.awaited_ns else 0
