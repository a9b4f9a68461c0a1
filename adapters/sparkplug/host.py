"""The host application: what each message of an edge node means, given what came before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.sparkplug.codec import Limits, Payload, read
from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.evidence import LARGEST
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.lifecycle import DEVICE_DATA, Lifecycle
from adapters.sparkplug.nodes import Line, Nodes
from adapters.sparkplug.options import Role, SparkplugOptions
from adapters.sparkplug.past import key_of
from adapters.sparkplug.quick import note_latency, read_quickly
from adapters.sparkplug.rebirths import Rebirths
from adapters.sparkplug.resolver import Resolver, note_time, title
from adapters.sparkplug.retelling import Retelling
from adapters.sparkplug.sequence import Order
from adapters.sparkplug.state import State
from adapters.sparkplug.told import Told
from adapters.sparkplug.topics import MessageType
from gateway.models import Decoded, Hold, Message, Reject

_BIRTHS = (MessageType.NBIRTH, MessageType.DBIRTH)
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
        state: What it tells of itself; None if nothing.
    """

    def __init__(
        self,
        options: SparkplugOptions,
        nodes: Nodes,
        interpreter: Interpreter,
        rebirths: Rebirths,
        lifecycle: Lifecycle,
        state: State | None,
    ) -> None:
        self._state = state
        self._options, self._nodes, self._interpreter = options, nodes, interpreter
        self._rebirths, self._lifecycle, self._evidence = rebirths, lifecycle, lifecycle.evidence
        self._past = lifecycle.past
        self._limits = Limits(inflated=options.max_payload)
        self._holds_back = options.role is not Role.PASSIVE
        self._resolver = Resolver(options, interpreter, rebirths, lifecycle.evidence)
        self._retelling = Retelling(lifecycle.past, interpreter, self._limits)

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

    def recall(self, message: Message) -> None:
        """Learn what a birth of an earlier run proves; whether it still holds nobody knows.

        Raises:
            ValueError: It cannot be read.
        """
        key, address = key_of(message.topic)
        payload = read(message.payload, Limits(inflated=LARGEST))
        if message.payload:
            self._evidence.recall(key, message, payload)
        self._past.recall(key, address, message, payload)

    def _decode(self, line: Line, message: Message) -> Iterator[Decoded]:
        kind = line.address.type
        if kind in (MessageType.NCMD, MessageType.DCMD, MessageType.STATE):
            if self._state is not None and message.topic == self._state.topic:
                yield from self._state.heard(message.payload)
            return  # what hosts say
        node = self._nodes.node(line, message.received_ns)
        try:
            payload = read(message.payload, self._limits, by_columns=kind in _BIRTHS)
            node.last_seen_ns = max(node.last_seen_ns, message.received_ns)
            self._past.heard(node)
            yield from self._understand(line, node, payload, message)
        except ValueError:
            self._missed(line, node, message.received_ns)
            raise

    def _understand(self, line: Line, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        if line.address.type is MessageType.NBIRTH:
            yield from self._lifecycle.node_birth(node, payload, message)
        elif line.address.type is MessageType.NDEATH:
            yield from self._lifecycle.node_death(node, payload, message.received_ns)
        else:
            yield from self._in_sequence(line, node, payload, message)

    def _missed(self, line: Line, node: EdgeNode, now_ns: int) -> None:
        """Take note of a message that could not be understood. After such a birth no alias holds any more."""
        kind = line.address.type
        if now_ns < node.own.born_ns:
            return  # it waited, and a birth came since
        if kind is not MessageType.NDEATH:
            self._rebirths.want(node.key, node.asking, "a malformed payload", now_ns)
        if kind is MessageType.NBIRTH:
            for station in node.stations():
                station.born = False
        elif kind is MessageType.DBIRTH and line.station is not None:
            line.station.born = False

    def _in_sequence(self, line: Line, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        """Take a message whose number says whether one before it is missing."""
        if node.unverified and node.own.born and message.received_ns > node.lost_ns:
            yield from self._verify(node, payload, message.received_ns)
        if not node.own.born and not node.provisional:
            yield from self._before_birth(line, node, payload, message)
            return
        order = self._order(node, payload, message)
        if order is Order.AHEAD:
            yield node.hold(node.order_key)
            return
        if line.address.type is MessageType.DBIRTH:
            yield from self._device_birth(line, node, payload, message, order)
        elif line.address.type is MessageType.DDEATH:
            if order is not Order.LATE:
                device = self._nodes.station(line, message.received_ns)
                yield from self._lifecycle.device_death(device, payload, message.received_ns)
        else:
            yield from self._data(line, node, payload, message)
            if order is Order.NEXT and line.station is not None:
                note_time(node, line.station, payload, message.received_ns)
        if order is Order.NEXT and node.sequence.ahead and node.sequence.arrived(payload.seq):
            yield node.release(node.order_key)

    def _device_birth(
        self, line: Line, node: EdgeNode, payload: Payload, message: Message, order: Order
    ) -> Iterator[Decoded]:
        """Take a DBIRTH, if it is of the session that is known."""
        if message.received_ns < node.ended_ns:
            raise ValueError("the session that this birth is of ended before one of its edge node came")
        if self._evidence.is_from_before(message):
            yield from self._data(line, node, payload, message)  # what it tells was true; its aliases may not be
            return
        station = self._nodes.station(line, message.received_ns)
        if order is not Order.LATE or not station.born or (payload.timestamp or 0) >= station.born_ms:
            yield from self._lifecycle.device_birth(node, line.address.device, station, payload, message)

    def _before_birth(self, line: Line, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        """Take a message of an edge node whose birth is not known: all but a death waits for it."""
        now_ns = message.received_ns
        if line.address.type is MessageType.DDEATH:
            yield from self._lifecycle.device_death(self._nodes.station(line, now_ns), payload, now_ns)
        elif line.is_data and (said := self._retelling.retell(line.address, payload, now_ns)) is not None:
            yield from said
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
        since = (payload.timestamp or 0) >= node.own.born_ms and not self._evidence.is_from_before(message)
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
        # Who can ask does not trust the number: a node that was born anew behind our back may have just that one.
        fits = payload.seq == node.sequence.expected and now_ns - node.lost_ns <= _CONTINUITY_NS
        if fits and not self._holds_back:
            yield from self._lifecycle.still_there(node, now_ns)
        else:
            for station in node.stations():
                station.born = False

    def _data(self, line: Line, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        now_ns = message.received_ns
        station = self._nodes.station(line, now_ns)
        station.last_seen_ns = max(station.last_seen_ns, now_ns)
        key = node.device_key(line.address.device) if line.address.device else node.key
        if not station.born and not node.provisional:
            yield self._hold(node, key, DEVICE_DATA, now_ns, self._options.reorder_timeout)
            return
        station.refreshed = True
        old = now_ns < station.born_ns
        found, missing = self._resolver.resolve(node, station, payload, now_ns)
        if missing and not old and self._resolver.hopes(node, now_ns):
            yield node.hold(key)
            return
        if old and self._holds_back:
            self._resolver.prove(node, station, found, now_ns)
        told = Told(station.units)
        rejects = [Reject(title(metric), "no birth tells what this metric is") for metric in missing]
        if not old and 0 < (payload.timestamp or 0) < station.born_ms:
            found = self._resolver.without_overtaken(node, station, payload, found, now_ns, rejects)
        for known, metric in found:
            if known.is_stored:
                reject = self._interpreter.tell(station, known, metric, payload.timestamp, told, old=old)
                if reject is not None:
                    rejects.append(reject)
        if payload.timestamp and not old:
            note_latency(node, now_ns, payload.timestamp)
        yield from told.observations()
        yield from rejects

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
