"""The seams: what a source, an adapter and a sink must do, and what happens to what they yield.

Everything else in the engine is written against these. An implementation states nothing about the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol, Self, runtime_checkable

from pydantic import JsonValue

from gateway.models import Command, Decoded, Message


class Unreadable(NamedTuple):
    """A packet from which no message could be made: what is known of it, for quarantine.

    Attributes:
        topic: The topic as far as it can be shown; invalid bytes are escaped.
        payload: What is kept of it (64 KiB at most).
        received_ns: When it came.
        packet_id: To acknowledge it by; 0 at QoS 0.
        reason: Why it is no message.
    """

    topic: str
    payload: bytes
    received_ns: int
    packet_id: int
    reason: str


class Subscription(NamedTuple):
    """A topic filter to subscribe to, with its MQTT 5 subscription identifier (1 and up)."""

    topic_filter: str
    identifier: int


class Source(Protocol):
    """Where messages come from. One connection to one broker, or several that look like one."""

    name: str

    async def receive(self) -> Sequence[Message | Unreadable]:
        """Wait for a message; return it with all others that have already arrived, in order of arrival.

        Called again and again by one task. A source that loses its connection reconnects by itself, for ever. Once it
        has been told to end, it returns what has arrived, and then nothing (an empty sequence).
        """

    def acknowledge(self, messages: Sequence[Message | Unreadable]) -> None:
        """Tell the broker that these messages are safe.

        Called once for each sequence that `receive` returned, in the same order, after the commit. What came over a
        connection that is gone is not acknowledged: the broker sends it again.
        """

    def exhausted(self) -> bool:
        """Whether the broker will send no more before an acknowledgement: waiting for company is in vain."""

    def send(self, command: Command) -> None:
        """Publish a command. Dropped and counted while there is no connection."""


@runtime_checkable
class Adapter(Protocol):
    """Translates one format. A frozen pydantic model: its fields are its options, its state a `PrivateAttr`.

    Pure: no I/O, no clock, no blocking. May remember what it has seen. Calls come in order of arrival and never
    overlap; what it yields counts only when it has been consumed whole.
    """

    @property
    def names_asset(self) -> bool:
        """Whether messages of this format name their machine themselves."""

    def decode(self, message: Message) -> Iterable[Decoded]:
        """Say what the message means.

        Raises:
            ValueError: This message can never be understood: it is quarantined with its bytes.
        """

    def advance(self, now_ns: int) -> Iterable[Decoded]:
        """Say what follows from time having passed, even when nothing arrived. Called about four times a second.

        The time is that of `Message.received_ns`, by a clock that somebody may set: a time before the last one means
        that it was set back, not that no time has passed.
        """


@runtime_checkable
class Recalling(Protocol):
    """An adapter to which what it asked to remember means less than a new message.

    Without this, a remembered message is decoded again, and what it says is dropped.
    """

    def recall(self, message: Message) -> None:
        """Take note of a message that was remembered in an earlier run. Called before the first `decode`."""


@runtime_checkable
class Session(Protocol):
    """How a connection to a broker begins and ends, for an adapter that owns one (a Sparkplug host application).

    The source that serves it connects with a clean start and a session expiry of 0, subscribes to nothing but
    `subscriptions`, and publishes the commands in their order. Pure, like an adapter; most who implement it are both.
    What follows from a lost connection for values and their quality is said by the next `Adapter.advance`.
    """

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """Return the topic filters to subscribe to, each with the highest QoS wanted."""

    def will(self, now_ns: int) -> Command | None:
        """Return the Will of a connection that is being made now; None for none. Asked anew for each connection."""

    def connected(self, now_ns: int) -> Iterable[Command]:
        """The broker has granted the connection and all subscriptions: yield what is to be published first."""

    def disconnecting(self, now_ns: int) -> Iterable[Command]:
        """The connection is about to be closed on purpose: yield what is to be published last."""

    def disconnected(self, now_ns: int) -> None:
        """The connection is gone, on purpose or not. Called once for each `connected`."""

    def accepting(self, accepting: bool, now_ns: int) -> Iterable[Command]:  # noqa: FBT001  # a state, not a switch
        """The spool can take more, or (False) soon cannot: yield what tells the other side.

        Called when it changes, whether connected or not; what is yielded without a connection is not published. A
        session begins as accepting.
        """

    def companion(self) -> Session | None:
        """Return the session of a second connection to the same broker, where one Will does not do; None for none."""


@runtime_checkable
class SessionAdapter(Adapter, Session, Protocol):
    """An adapter that owns the connection its messages come by: what a source names as its `session`.

    Attributes:
        DEFAULT_ROUTE: Keys of the route that its source has where the configuration writes none, or leaves them out;
            `topic` is one of them.
    """

    DEFAULT_ROUTE: ClassVar[Mapping[str, object]]

    @property
    def may_publish(self) -> Sequence[str]:
        """Topic filters on which it may publish, beside those that its route allows."""


@runtime_checkable
class Sibling(Protocol):
    """A session of which there may be several, each at another broker, that must know of one another."""

    def know(self, siblings: Sequence[Self]) -> None:
        """Take note of the others of its kind. Called once, before anything else."""


@runtime_checkable
class Places(Protocol):
    """An adapter that reads from a topic whose values they are, where a pattern of levels cannot."""

    @property
    def place_names(self) -> Sequence[str]:
        """The words that `place` may give, for the templates of a route; without `tags`, these become tags."""

    @property
    def further_words(self) -> Sequence[str]:
        """Words beside them that templates may name, but that become no tags by themselves."""

    def place(self, topic: str) -> Mapping[str, str]:
        """Return word to text for a topic."""


@runtime_checkable
class HostApplication(Protocol):
    """An adapter that keeps account of the nodes it hears: it can be looked at, and told to ask or to write.

    All are called between two calls of the adapter, on behalf of a person; none has side effects beyond what it
    says. Times are nanoseconds since 1970, 0 where something never happened.
    """

    def describe(self, now_ns: int) -> Mapping[str, JsonValue]:
        """Return what is known of the host itself and, as `nodes`, of every node; a few microseconds a node.

        The host: `role`, `host_id` (empty for none), `online`, `nodes_forgotten` and `devices_forgotten` (to make room
        for others). A node: `group`, `node`, `online`, `state` (online,
        offline, stale, or unknown: it waits for a birth), `since_ns`, `bdseq` and `seq` (None: unknown), `births`,
        `deaths`, `rebirths_asked`, `last_rebirth_reason`, `rebirths_answered`, `gaps`, `last_seen_ns`, `latency_ms` and
        `latency_max_ms` (None: not measured), `metrics`, `case_twins` (names that differ only by case), `held`
        (messages), `duplicate_sessions` and `devices`, each with `device`, `online`, `since_ns`, `births`, `deaths`,
        `metrics` and `last_seen_ns`. Counters only grow, unless a node is forgotten.
        """

    def summary(self) -> Mapping[str, JsonValue]:
        """Return the same of the host itself, and sums of its nodes; less than a microsecond a node.

        `nodes` is how many are `online`, `offline`, `stale` and `unknown`; `rebirths_asked` and `held` are added up.
        """

    def knows(self, node: str) -> bool:
        """Return whether a node (`GROUP/NODE`) was heard of."""

    def ask_rebirth(self, node: str, now_ns: int) -> str:
        """See to it that a node (`GROUP/NODE`) is asked for a rebirth; return a sentence on what will happen.

        What is to be published is yielded by the next `Adapter.advance`.

        Raises:
            ValueError: It is not asked: there is no such node, or the host publishes nothing.
        """

    def ask_write(self, whose: str, metric: str, value: str, now_ns: int) -> str:
        """See to it that a metric of a node or device (`GROUP/NODE/DEVICE`) is written; return what will happen.

        Raises:
            ValueError: It is not written: the options do not allow it, it is not known, or the value is none of it.
        """


class Batch(NamedTuple):
    """Records for a sink.

    Attributes:
        body: Line protocol, one record a line, each ended by a newline; no record contains one.
        records: How many.
    """

    body: bytes
    records: int

    def halves(self) -> tuple[Batch, Batch]:
        """Split between two records, in the middle. Needs two records or more."""
        body, middle = self.body, self.records // 2
        # From the middle of the bytes it is not far: cutting megabytes into records takes twenty times as long.
        end = body.find(b"\n", len(body) // 2) + 1
        number = body.count(b"\n", 0, end)
        while number > middle:
            end = body.rfind(b"\n", 0, end - 1) + 1
            number -= 1
        while number < middle:
            end = body.find(b"\n", end) + 1
            number += 1
        return Batch(body[:end], middle), Batch(body[end:], self.records - middle)


class Sink(Protocol):
    """Where records go. Called from a thread of its own, one call at a time.

    Attributes:
        name: As configured.
        max_batch_bytes: The largest body it should be given. It may become smaller while it runs, when the sink learns
            that the other side takes less.
    """

    name: str
    max_batch_bytes: int

    def write(self, batch: Batch) -> None:
        """Write all records of the batch, or raise.

        May be called again with records it has already written, so writing must be idempotent.

        Raises:
            SinkUnavailable: The same call may succeed later.
            SinkHeld: It will not before an operator has acted.
            SinkRejected: It never will, because of at least one of the records.
        """

    def check(self) -> str:
        """Try the connection, the credentials and the target without writing; return a sentence on what was found.

        Raises:
            SinkUnavailable: It cannot be reached.
            SinkHeld: It can be reached and would refuse.
        """

    def close(self) -> None:
        """Let go of connections and files."""
