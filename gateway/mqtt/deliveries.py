"""Keeps the books on what has arrived and is not acknowledged yet: order, bytes, and how much the broker has in flight.

Acknowledgements go out in order of arrival, each over the connection that the message came by and never over a later
one: there the same packet identifier may mean another message, and the broker sends the first one again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from gateway.clock import STRIDE_NS, Clock
from gateway.interfaces import Unreadable
from gateway.models import Message
from gateway.mqtt.window import Window
from gateway.status import SourceStatus

FULL, FULL_BYTES = 2_500, 131_072
"""Messages, or bytes of them, after which what arrives goes to a new delivery, so that a caller who lags gets it in
portions. What it makes of one is a group at least, which in the narrow layout has five times as many bytes."""
MAX_MESSAGES = 65_535
"""Messages to hold unacknowledged: a message costs about half a kilobyte besides its bytes."""

_WIDE = 1000


class Link(Protocol):
    """A connection, as far as it is needed here."""

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Send acknowledgements in this order; nothing happens if the connection is gone."""


class Delivery:
    """What one call of `receive` returns, and what is to be done once it is safe.

    Attributes:
        link: The connection it came by.
        messages: In order of arrival.
        packet_ids: To acknowledge, in order of arrival; those of copies among them.
        size: Bytes as they came.
    """

    __slots__ = ("link", "messages", "packet_ids", "size")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.messages: list[Message | Unreadable] = []
        self.packet_ids: list[int] = []
        self.size = 0

    def add(self, message: Message | Unreadable) -> None:
        """Add a message and, unless it came at QoS 0, its identifier."""
        self.messages.append(message)
        if message.packet_id:
            self.packet_ids.append(message.packet_id)


class Deliveries:
    """All that has arrived: first it waits for `receive`, then for `acknowledge`.

    A connection fills it so, with no `await` between:

        delivery = deliveries.open(self)
        ...                                   # add messages, stamped from deliveries.now_ns() on
        deliveries.close(delivery)

    Args:
        status: Where messages are counted.
        max_bytes: Bytes to hold unacknowledged.
        on_pressure: Told True when there is more than that or too many messages, False when there is room again.
        clock: Tells when messages arrive.
    """

    def __init__(
        self,
        status: SourceStatus,
        window: Window,
        max_bytes: int,
        on_pressure: Callable[[bool], None],
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or Clock()
        self._clock_steps = self._clock.steps
        self._status, self._max_bytes, self._on_pressure, self._window = status, max_bytes, on_pressure, window
        self._waiting: deque[Delivery] = deque()
        self._handed_out: deque[Delivery] = deque()
        self._arrival, self._departure = asyncio.Event(), asyncio.Event()
        self._link: Link | None = None
        self._kept_back: Link | None = None
        """The connection whose messages are not to be seen yet."""
        self._finished = False
        self._in_flight = 0
        self._messages = 0
        self._bytes = 0
        self._last_ns = 0
        self._opened = (0, 0, 0)
        self.under_pressure = False

    def begin(self, link: Link | None, *, keep_back: bool = False) -> None:
        """Change to another connection, or to none: what came by the one before is not acknowledged any more.

        Args:
            link: The connection.
            keep_back: Whether `receive` is to return nothing of it before `let_through`.
        """
        self._link, self._in_flight = link, 0
        self._kept_back = link if keep_back else None
        self._arrival.set()

    def let_through(self) -> None:
        """Let `receive` return what comes by this connection."""
        self._kept_back = None
        self._arrival.set()

    def finish(self) -> None:
        """Nothing comes any more: `receive` returns what has come, and then nothing, for ever."""
        self._finished = True
        self.let_through()

    def now_ns(self) -> int:
        """Return the time to stamp the next message with; those that come with it are to be `STRIDE_NS` apart.

        It is later than any before, unless the clock was set back: then the clock is followed. Otherwise what comes
        would carry a time ahead of all clocks, until these have caught up.
        """
        now_ns = self._clock.now_ns()
        if self._clock.steps != self._clock_steps:
            self._clock_steps, self._last_ns = self._clock.steps, 0
        return max(now_ns, self._last_ns + STRIDE_NS)

    def open(self, link: Link) -> Delivery:
        """Return the delivery to add to."""
        last = self._waiting[-1] if self._waiting else None
        add = last is not None and last.link is link and len(last.messages) < FULL and last.size < FULL_BYTES
        delivery = last if last is not None and add else Delivery(link)
        self._opened = (len(delivery.messages), len(delivery.packet_ids), delivery.size)
        return delivery

    def close(self, delivery: Delivery) -> None:
        """Take note of what was added to the delivery since it was opened."""
        old_messages, old_packet_ids, old_size = self._opened
        messages, packet_ids = len(delivery.messages) - old_messages, len(delivery.packet_ids) - old_packet_ids
        size = delivery.size - old_size
        self._status.received_bytes += size
        if packet_ids and delivery.link is self._link:
            self._in_flight += packet_ids
            self._window.arrived(self._in_flight, time.monotonic())
        waits = bool(self._waiting) and self._waiting[-1] is delivery
        if messages:
            if not waits:
                self._waiting.append(delivery)
                self._arrival.set()
            self._status.received += messages
            self._last_ns = self._status.last_message_ns = delivery.messages[-1].received_ns
        elif not waits:
            self._acknowledge_copies(delivery)
            return
        self._messages += messages
        self._bytes += size
        if self._bytes >= self._max_bytes or self._messages >= MAX_MESSAGES:
            self._press(under_pressure=True)  # even if there was pressure before: this may be another connection

    def _acknowledge_copies(self, delivery: Delivery) -> None:
        """Let copies that no message follows go with what came before them, or at once if that is acknowledged.

        They cannot wait for the next message: they may be all that the broker sends before it waits itself.
        """
        before = self._waiting or self._handed_out
        if before and before[-1].link is delivery.link:
            before[-1].packet_ids += delivery.packet_ids
        else:
            self._send(delivery)

    async def receive(self) -> Sequence[Message | Unreadable]:
        """Wait for a message; return it with all that have come by the same connection. It is not to be changed.

        Once nothing more will come, an empty sequence.
        """
        while not self._waiting or self._waiting[0].link is self._kept_back:
            if self._finished:
                return ()
            self._arrival.clear()
            await self._arrival.wait()
        delivery = self._waiting.popleft()
        self._handed_out.append(delivery)
        self._departure.set()
        return delivery.messages

    async def handed_out(self, seconds: float) -> None:
        """Wait until `receive` has returned all that has come, but no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._waiting:
                    self._departure.clear()
                    await self._departure.wait()

    def acknowledge(self, messages: Sequence[Message | Unreadable]) -> None:
        """Acknowledge what `receive` returned: each sequence once, in the same order.

        Raises:
            ValueError: It is not the oldest sequence that is still to be acknowledged. Nothing is sent, since
                acknowledging the wrong messages would lose them.
        """
        oldest = self._handed_out[0].messages if self._handed_out else None
        if messages is not oldest and messages != oldest:
            raise ValueError("only the oldest sequence that receive() returned can be acknowledged")
        delivery = self._handed_out.popleft()
        self._messages -= len(messages)
        self._bytes -= delivery.size
        self._send(delivery)
        if self.under_pressure and self._bytes <= self._max_bytes // 2 and self._messages <= MAX_MESSAGES // 2:
            self._press(under_pressure=False)

    def _send(self, delivery: Delivery) -> None:
        if delivery.link is not self._link or not delivery.packet_ids:
            return
        self._window.acknowledged(self._in_flight, time.monotonic())
        self._in_flight -= len(delivery.packet_ids)
        self._status.acknowledged += len(delivery.packet_ids)
        delivery.link.acknowledge(delivery.packet_ids)

    @property
    def has_wide_window(self) -> bool:
        """Whether the broker does not wait after a few messages, as far as is known."""
        return (self._window.size or MAX_MESSAGES) >= _WIDE

    def exhausted(self) -> bool:
        """Whether nothing more will come before an acknowledgement."""
        if self._waiting:
            return False
        return self.under_pressure or self._window.is_used_up(self._in_flight, time.monotonic())

    def _press(self, *, under_pressure: bool) -> None:
        self.under_pressure = under_pressure
        self._on_pressure(under_pressure)
