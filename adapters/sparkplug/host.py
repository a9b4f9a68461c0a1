"""The host application: what each message of an edge node means, given what came before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.sparkplug.codec import Limits, Metric, Payload, read
from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.known import Known
from adapters.sparkplug.lifecycle import DEVICE_DATA, Lifecycle
from adapters.sparkplug.nodes import Line, Nodes
from adapters.sparkplug.options import Role, SparkplugOptions
from adapters.sparkplug.quick import note_latency, read_quickly
from adapters.sparkplug.rebirths import Rebirths
from adapters.sparkplug.sequence import Order
from adapters.sparkplug.told import Told
from adapters.sparkplug.topics import MessageType
from gateway.models import Decoded, Hold, Message, Reject

_CONTINUITY_NS = 60_000_000_000
"""How long a connection may have been lost for the next sequence number to prove that no message was missed."""


class Host:
    """Understands the messages of all edge nodes that are heard over one connection.

    Args:
        options: As configured.
        nodes: The edge nodes.
        interpreter: Says what metrics mean.
        rebirths: Asks for births.
        lifecycle: Births and deaths.
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
        self._limits = Limits(inflated=options.max_payload)
        self._holds_back = options.role is not Role.PASSIVE

    def decode(self, message: Message) -> Sequence[Decoded]:
        """Return what a message of an edge node means.

        Raises:
            ValueError: Nothing of it can be understood.
        """
        line = self._nodes.line(message.topic)
        if line.is_data:
            node, station = line.node, line.station
            if node is not None and station is not None and _is_plain(node, station, message):
                observation = read_quickly(node, station, message)
                if observation is not None:
                    return (observation,)
        return tuple(self._decode(line, message))

    def _decode(self, line: Line, message: Message) -> Iterator[Decoded]:
        kind = line.address.type
        if kind in (MessageType.NCMD, MessageType.DCMD, MessageType.STATE):
            return  # what hosts say
        try:
            payload = read(message.payload, self._limits)
        except ValueError:
            node = self._nodes.node(line)
            if kind is not MessageType.NDEATH:
                self._rebirths.want(node.key, node.asking, "a malformed payload", message.received_ns)
            raise
        node, now_ns = self._nodes.node(line), message.received_ns
        node.last_seen_ns = max(node.last_seen_ns, now_ns)
        if kind is MessageType.NBIRTH:
            yield from self._lifecycle.node_birth(node, payload, message)
        elif kind is MessageType.NDEATH:
            yield from self._lifecycle.node_death(node, payload, now_ns)
        else:
            yield from self._in_sequence(line, node, payload, message)

    def _in_sequence(self, line: Line, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        """Take a message whose number says whether one before it is missing."""
        if node.unverified and node.own.born:
            yield from self._verify(node, payload, message.received_ns)
        if not node.own.born and not node.provisional:
            yield from self._before_birth(line, node, payload, message.received_ns)
            return
        order = self._order(node, payload, message)
        if order is Order.AHEAD:
            yield node.hold(node.order_key)
            return
        if line.address.type is MessageType.DBIRTH:
            if message.received_ns < node.ended_ns:
                raise ValueError("the session that this birth is of ended before one of its edge node came")
            station = self._nodes.station(line)
            if order is not Order.LATE or not station.born or (payload.timestamp or 0) >= station.born_ms:
                yield from self._lifecycle.device_birth(node, line.address.device, station, payload, message)
        elif line.address.type is MessageType.DDEATH:
            if order is not Order.LATE:
                yield from self._lifecycle.device_death(self._nodes.station(line), payload, message.received_ns)
        else:
            yield from self._data(line, node, payload, message)
        if order is Order.NEXT and node.sequence.ahead and node.sequence.arrived(payload.seq):
            yield node.release(node.order_key)

    def _before_birth(self, line: Line, node: EdgeNode, payload: Payload, now_ns: int) -> Iterator[Decoded]:
        """Take a message of an edge node whose birth is not known: all but a death waits for it."""
        if line.address.type is MessageType.DDEATH:
            yield from self._lifecycle.device_death(self._nodes.station(line), payload, now_ns)
        else:
            yield self._hold(node, node.key, "a message before the birth", now_ns, self._options.reorder_timeout)

    def _order(self, node: EdgeNode, payload: Payload, message: Message) -> Order:
        """Return how a message stands to those before it: AHEAD only if it is to wait for one."""
        if node.provisional or message.retained:
            return Order.UNNUMBERED
        early_ns = node.own.born_ns - message.received_ns
        if early_ns <= 0:
            return self._judge(node, payload, message.received_ns)
        # It waited for the birth. Births of devices with connections of their own may overtake that of their edge node.
        # What was said before that birth was counted otherwise, and may have the same number by chance.
        since = (payload.timestamp or 0) >= node.own.born_ms
        fits = since and early_ns <= self._options.reorder_timeout and payload.seq == node.sequence.expected
        return node.sequence.judge(payload.seq) if fits else Order.LATE

    def _judge(self, node: EdgeNode, payload: Payload, now_ns: int) -> Order:
        """Return how a message stands to those before it: AHEAD only if it is to wait for one."""
        sequence = node.sequence
        order = sequence.judge(payload.seq)
        if order is not Order.AHEAD:
            return order
        if payload.timestamp is not None and payload.timestamp < node.own.born_ms:
            return Order.LATE  # it was overtaken by a birth
        if self._options.reorder_timeout and sequence.wait(payload.seq, now_ns):
            return order
        sequence.skip_to(payload.seq, now_ns)
        self._rebirths.want(node.key, node.asking, "a gap in the sequence", now_ns)
        return Order.UNNUMBERED

    def _verify(self, node: EdgeNode, payload: Payload, now_ns: int) -> Iterator[Decoded]:
        """See whether what was known before the connection was lost still holds: if no message was missed."""
        node.unverified = False
        if self._holds_back:
            self._rebirths.want(node.key, node.asking, "the connection was lost", now_ns)
        if payload.seq == node.sequence.expected and now_ns - node.lost_ns <= _CONTINUITY_NS:
            yield from self._lifecycle.still_there(node, now_ns)
        else:
            for station in node.stations():
                station.born = False

    def _data(self, line: Line, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        now_ns = message.received_ns
        station = self._nodes.station(line)
        key = node.device_key(line.address.device) if line.address.device else node.key
        if not station.born and not node.provisional:
            yield self._hold(node, key, DEVICE_DATA, now_ns, self._options.reorder_timeout)
            return
        station.last_seen_ns, station.refreshed = max(station.last_seen_ns, now_ns), True
        old = now_ns < station.born_ns
        found, missing = self._resolve(node, station, payload, now_ns)
        if missing and not old and self._hopes(node, now_ns):
            yield node.hold(key)
            return
        if old and now_ns < node.ended_ns and self._holds_back and any(not metric.name for _, metric in found):
            raise ValueError("the session it comes from ended before a birth told its aliases")
        told = Told(station.units)
        rejects = [Reject(_title(metric), "no birth tells what this metric is") for metric in missing]
        for known, metric in found:
            if known.is_stored:
                reject = self._interpreter.tell(station, known, metric, payload.timestamp, told, old=old)
                if reject is not None:
                    rejects.append(reject)
        if payload.timestamp and not old:
            note_latency(node, now_ns, payload.timestamp)
        yield from told.observations()
        yield from rejects

    def _resolve(
        self, node: EdgeNode, station: Station, payload: Payload, now_ns: int
    ) -> tuple[list[tuple[Known, Metric]], list[Metric]]:
        """Find what is known of each metric; return those that nothing is known of, too."""
        found: list[tuple[Known, Metric]] = []
        missing: list[Metric] = []
        for metric in payload.metrics:
            known: Known | None
            if metric.name:
                known = station.by_name.get(metric.name.encode())
            elif metric.alias is not None:
                known = station.by_alias.get(metric.alias) or node.own.by_alias.get(metric.alias)
            else:
                known = None
            if known is None and (known := self._interpreter.learn(station, metric)) is not None:
                self._want_help(node, now_ns)
            if known is None:
                missing.append(metric)
            else:
                found.append((known, metric))
        return found, missing

    def _hopes(self, node: EdgeNode, now_ns: int) -> bool:
        """Whether a birth is asked for, and may yet tell what is missing."""
        if node.provisional:
            return True  # it is asked again and again anyway
        return self._holds_back and self._want_help(node, now_ns)

    def _want_help(self, node: EdgeNode, now_ns: int) -> bool:
        """Ask for a birth, unless births have not helped so often that another would not either."""
        if node.unhelped >= self._options.fruitless_rebirths:
            return False
        if node.unresolved_ns and node.own.born_ns > node.unresolved_ns:
            node.unhelped += 1  # there was a birth since, and it did not tell
        node.unresolved_ns = now_ns
        self._rebirths.want(node.key, node.asking, "a metric that no birth tells", now_ns)
        return True

    def _hold(self, node: EdgeNode, key: str, reason: str, now_ns: int, delay_ns: int) -> Hold:
        """Let a message wait for a birth, and ask for one."""
        self._rebirths.want(node.key, node.asking, reason, now_ns, delay_ns)
        return node.hold(key)


def _is_plain(node: EdgeNode, station: Station, message: Message) -> bool:
    """Whether nothing is special about what a message comes from, so that it may be read quickly."""
    return (
        station.born
        and station.is_simple
        and not node.unverified
        and not node.sequence.ahead
        and not message.retained
        and message.received_ns > station.born_ns
    )


def _title(metric: Metric) -> str:
    return metric.name or (f"alias {metric.alias}" if metric.alias is not None else "a metric without a name")
