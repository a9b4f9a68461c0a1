"""The Sparkplug host application as the gateway sees it: an adapter that owns its connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from pydantic import JsonValue, PrivateAttr

from adapters.sparkplug.commands import metric_to_write, write_request
from adapters.sparkplug.description import describe, sum_up
from adapters.sparkplug.host import Host
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.lifecycle import Lifecycle
from adapters.sparkplug.names import Listed, Names
from adapters.sparkplug.nodes import Nodes, place_of
from adapters.sparkplug.options import Role, SparkplugOptions
from adapters.sparkplug.passing import Passing
from adapters.sparkplug.rebirths import Rebirths
from adapters.sparkplug.room import Room
from adapters.sparkplug.state import LegacyState, State
from adapters.sparkplug.topics import NAMESPACE, legacy_state_topic, parse, state_topic
from gateway.models import Command, Decoded, Message

_TO_NODES, _TO_DEVICES = f"{NAMESPACE}/+/NCMD/+", f"{NAMESPACE}/+/DCMD/+/+"


class Sparkplug(SparkplugOptions):
    """Reads Sparkplug B 3.0 as a host application, with a connection of its own.

    Aliases, data types and sequence numbers are understood by births; what cannot be understood yet is held, safely,
    until its birth. `docs/sparkplug.md` tells what it does.
    """

    DEFAULT_ROUTE: ClassVar[Mapping[str, JsonValue]] = {"topic": f"{NAMESPACE}/#", "measurement": "sparkplug"}

    _nodes: Nodes = PrivateAttr()
    _rebirths: Rebirths = PrivateAttr()
    _host: Host = PrivateAttr()
    _passing: Passing = PrivateAttr()
    _lifecycle: Lifecycle = PrivateAttr()
    _state: State | None = PrivateAttr(default=None)
    _names: Names = PrivateAttr()
    _now_ns: int = PrivateAttr(default=0)
    _is_connected: bool = PrivateAttr(default=False)
    _is_accepting: bool = PrivateAttr(default=True)

    def model_post_init(self, _context: object, /) -> None:
        """Put the parts together."""
        self._names = Names(self.name_patterns, self.ignore)
        self._nodes = Nodes(self.max_nodes, self.max_devices)
        interpreter = Interpreter(self._names, self.births, self.binary, self.max_metrics)
        self._rebirths = Rebirths(
            self.host_id,
            self.rebirth_backoff,
            self.rebirth_backoff_max,
            self.rebirths_per_second,
            enabled=self.role is not Role.PASSIVE,
        )
        lifecycle = self._lifecycle = Lifecycle(self, interpreter, self._rebirths)
        room = Room(self._nodes, interpreter, self._rebirths, lifecycle.evidence)
        self._nodes.make_room_for_node, self._nodes.make_room_for_device = room.for_node, room.for_device
        interpreter.make_room = room.for_metrics
        self._state = State(state_topic(self.host_id), legacy=False) if self.role is Role.PRIMARY else None
        self._host = Host(self, self._nodes, interpreter, self._rebirths, lifecycle, self._state)
        self._passing = Passing(self, self._nodes, interpreter, self._rebirths, lifecycle)

    # As an adapter.

    @property
    def names_asset(self) -> bool:
        """Whether messages name their machine: their topics do, by `place`."""
        return False

    @property
    def decode(self) -> Callable[[Message], Sequence[Decoded]]:
        """What a message means; see `Host.decode`. Whoever asks often keeps it: private attributes are slow here."""
        return self._host.decode

    def recall(self, message: Message) -> None:
        """Learn what aliases meant in an earlier run, from a birth that was remembered."""
        with suppress(ValueError):
            self._host.recall(message)

    def advance(self, now_ns: int) -> Iterable[Decoded]:
        """Yield what follows from time having passed."""
        return self._passing.advance(now_ns)

    # As what knows places.

    @property
    def place_names(self) -> Sequence[str]:
        """Words of topics and names of metrics that become tags."""
        return ("group", "node", "machine", *(word for word in self._names.words if word not in _ALWAYS))

    @property
    def further_words(self) -> Sequence[str]:
        """Words beside them that templates may name."""
        return () if "device" in self._names.words else ("device",)

    def place(self, topic: str) -> Mapping[str, str]:
        """Return whose a topic is."""
        try:
            return place_of(parse(topic))
        except ValueError:
            return {}

    # As a session.

    @property
    def may_publish(self) -> Sequence[str]:
        """The topics on which it may publish."""
        if self.role is Role.PASSIVE:
            return ()
        state = () if self._state is None else (self._state.topic,)
        return (_TO_NODES, _TO_DEVICES, *state) if self.may_write else (_TO_NODES, *state)

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """Return the own STATE topic and the groups (host-topic-phid-birth-sub-required)."""
        groups = [f"{NAMESPACE}/{group}/#" for group in self.groups] or [f"{NAMESPACE}/#"]
        own = [] if self._state is None else [self._state.topic]
        return [(topic_filter, 1) for topic_filter in (*own, *groups)]

    def will(self, now_ns: int) -> Command | None:
        """Return the death certificate of a primary host."""
        self._lifecycle.evidence.began_ns = now_ns
        self._lifecycle.past.begin(self._nodes)
        return None if self._state is None else self._state.will(now_ns)

    def connected(self, now_ns: int) -> Iterator[Command]:
        """Yield the birth certificate of a primary host."""
        self._is_connected = True
        self._lifecycle.past.connected(now_ns)
        self._allow()
        if self._state is not None:
            yield self._state.connected()

    def disconnecting(self, now_ns: int) -> Iterator[Command]:
        """Yield the death certificate of a primary host."""
        self._passing.may_ask = False
        if self._state is not None:
            yield self._state.disconnecting(now_ns)

    def disconnected(self, now_ns: int) -> None:
        """Take note that the connection is gone."""
        self._is_connected = False
        if self._state is not None:
            self._state.disconnected()
        self._passing.lose(now_ns)

    def accepting(self, accepting: bool, now_ns: int) -> Iterator[Command]:  # noqa: FBT001, ARG002  # see the seam
        """Yield that a primary host is offline while the spool cannot take more."""
        self._is_accepting = accepting
        self._allow()
        if self._state is not None:
            yield from self._state.accepting(accepting=accepting)

    def companion(self) -> LegacyState | None:
        """Return the session that tells the state as Sparkplug 2.2 did."""
        return LegacyState(legacy_state_topic(self.host_id)) if self.legacy_state else None

    # As one of several, each with a broker of its own.

    def know(self, siblings: Sequence[Sparkplug]) -> None:
        """Take note of the hosts at other brokers: an edge node may go from one to another."""
        self._lifecycle.elsewhere = lambda descriptor, since_ns: any(
            sibling.is_online(descriptor, since_ns) for sibling in siblings
        )

    def is_online(self, descriptor: str, since_ns: int) -> bool:
        """Whether an edge node is online here, since later than this."""
        node = self._nodes.get(descriptor)
        return node is not None and node.own.online and not node.unverified and node.own.born_ns > since_ns

    # As what people ask.

    def describe(self, now_ns: int) -> Mapping[str, JsonValue]:
        """Return what is known of the host and its edge nodes."""
        return describe(self, self._nodes, online=self._is_online, now_ns=now_ns)

    def summary(self) -> Mapping[str, JsonValue]:
        """Return how many edge nodes are in which state, and other numbers of all of them together."""
        return sum_up(self, self._nodes, online=self._is_online)

    def knows(self, node: str) -> bool:
        """Return whether an edge node was heard of."""
        return self._nodes.get(node) is not None

    def ask_rebirth(self, node: str, now_ns: int) -> str:
        """Ask an edge node for its births; return a sentence on what will happen.

        Raises:
            ValueError: It cannot be asked.
        """
        known = self._nodes.get(node)
        if known is None:
            raise ValueError(f"no edge node {node!r} was heard of: name it as GROUP/NODE")
        if self.role is Role.PASSIVE:
            raise ValueError('this host is passive and publishes nothing: set role = "active"')
        self._rebirths.ask_now(node, known.asking, now_ns)
        if not self._passing.may_ask:
            return f"{node} is asked for a rebirth as soon as there is a connection"
        return f"{node} is asked for a rebirth"

    def ask_write(self, whose: str, metric: str, value: str, now_ns: int) -> str:
        """Have a metric written; return a sentence on what will happen.

        Args:
            whose: GROUP/NODE, or GROUP/NODE/DEVICE.
            metric: Its name, as the birth tells it.
            value: What to write, as a person writes it.
            now_ns: Now.

        Raises:
            ValueError: It is not written: it is not allowed, not known, or the value is none of its type.
        """
        if metric not in Listed(self.may_write):
            raise ValueError(f"{metric!r} may not be written: name it in may_write of the source if people may")
        group, _, rest = whose.partition("/")
        name, _, device = rest.partition("/")
        node = self._nodes.get(f"{group}/{name}")
        station = None if node is None else node.devices.get(device) if device else node.own
        if station is None or not station.born:
            raise ValueError(f"no birth of {whose!r} is known: name it as GROUP/NODE or GROUP/NODE/DEVICE")
        known = station.by_name.get(metric.encode(errors="replace"))
        if known is None:
            raise ValueError(f"the birth of {whose} tells no metric {metric!r}")
        alias = next((alias for alias, one in station.by_alias.items() if one is known), None)
        written = metric_to_write(known, alias, value)
        self._passing.commands.append(write_request(group, name, device, written, now_ns))
        when = "is sent" if self._passing.may_ask else "is sent as soon as there is a connection"
        return f"{metric} = {value} {when} to {whose}; whether it was done its next data tells"

    @property
    def _is_online(self) -> bool:
        return self._is_connected if self._state is None else self._state.online

    def _allow(self) -> None:
        self._passing.may_ask = self._is_connected and self._is_accepting


_ALWAYS = frozenset({"group", "node", "machine"})
