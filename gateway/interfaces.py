"""The seams: what a source, an adapter and a sink must do, and what happens to what they yield.

Everything else in the engine is written against these. An implementation states nothing about the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

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

        Called again and again by one task. A source that loses its connection reconnects by itself, for ever.
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
        """Say what follows from time having passed, even when nothing arrived. Called about once a second.

        The time is that of `Message.received_ns`, by a clock that somebody may set: a time before the last one means
        that it was set back, not that no time has passed.
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
        """Split between two records, near the middle. Needs two records or more."""
        lines = self.body.split(b"\n")[:-1]
        middle = len(lines) // 2
        return (
            Batch(b"\n".join(lines[:middle]) + b"\n", middle),
            Batch(b"\n".join(lines[middle:]) + b"\n", len(lines) - middle),
        )


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
