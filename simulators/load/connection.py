"""One MQTT 5 connection that sends frames and counts acknowledgements, and does nothing else.

MQTT 5 without a client library, because a library's bookkeeping for each message costs more than the message itself.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import mqtt5

from simulators.broker import Broker
from simulators.load.batch import Batch

PATIENCE_SECONDS = 30.0
"""A broker that is silent for longer while something is awaited is given up."""

_LARGE_WINDOW = 200
_GROUPING_SECONDS = 0.001
"""With a window of at least so many, acknowledgements are read at most so often."""

_KEEP_ALIVE_SECONDS = 3_600
"""Long enough to need no pings: there is always something to send. 0 would mean never, but rumqttd refuses it."""

_FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5, 2.4)."""


class BrokerFailedError(Exception):
    """The broker cannot be reached, does not let us in, refuses a message, falls silent or goes away."""


class Login(NamedTuple):
    """What a client says when it connects, beside who it is.

    Attributes:
        will: What the broker publishes if the connection is lost.
        subscriptions: Topic filters.
    """

    will: mqtt5.Will | None = None
    subscriptions: Sequence[str] = ()


class Connection(asyncio.Protocol):
    """A connection to a broker. Made by `connect`; its methods are called by one task.

    Attributes:
        published: Messages sent.
        acknowledged: Messages that the broker acknowledged.
        window: Messages at QoS 1 that may be on their way at a time: as many as were asked for, or as the broker allows
            (receive maximum: MQTT 5, 3.2.2.3.3).
        received: Topics and payloads of what it subscribed to; whoever takes them takes them out.
    """

    def __init__(self, broker: Broker, window: int) -> None:
        self.published = 0
        self.acknowledged = 0
        self.window = window
        self.received: list[tuple[str, bytes]] = []
        self._broker = broker
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._rest = b""
        self._error: BrokerFailedError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable = True
        self._connected = self._subscribed = False
        self._answered_pings = 0
        self._slot_of: dict[int, int] = {}
        self._unacknowledged: Counter[int] = Counter()

    @classmethod
    async def connect(cls, broker: Broker, window: int, login: Login = Login()) -> Connection:  # noqa: B008  # frozen
        """Return a connection that the broker has accepted, with all subscriptions granted.

        Raises:
            BrokerFailedError: There is no such broker, or it does not let us in.
        """
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: cls(broker, window), broker.host, broker.port)
        except OSError as error:
            raise BrokerFailedError(f"No broker answers at {broker}: {error}") from error
        try:
            await connection.log_in(login)
        except BrokerFailedError:
            connection.close()
            raise
        return connection

    async def log_in(self, login: Login) -> None:
        """Send CONNECT and SUBSCRIBE and wait until the broker accepts them; `connect` does that.

        Raises:
            BrokerFailedError: It does not.
        """
        broker = self._broker
        password = None if broker.password is None else broker.password.encode()
        connect = mqtt5.ConnectPacket(
            "",
            username=broker.username,
            password=password,
            clean_start=True,
            keep_alive=_KEEP_ALIVE_SECONDS,
            will=login.will,
        )
        self._write(connect.write())
        await self.until(lambda: self._connected)
        if login.subscriptions:
            filters = [mqtt5.TopicFilter(name, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for name in login.subscriptions]
            self._write(mqtt5.SubscribePacket(1, filters).write())
            await self.until(lambda: self._subscribed)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at whenever something came from the broker, and after `wake`.

        Raises:
            BrokerFailedError: It no longer can hold.
        """
        while not condition():
            if self._error is not None:
                raise self._error
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._waiter
            except TimeoutError:
                self._fail(f"has not answered for {PATIENCE_SECONDS:.0f} s")

    def wake(self) -> None:
        """Have the condition of `until` looked at again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def can_send(self, slot: int) -> bool:
        """Whether the packet identifiers of a slot are free, and what was sent before has left."""
        return self._error is None and self._writable and not self._unacknowledged[slot]

    def send(self, batch: Batch) -> None:
        """Send a batch whose slot `can_send`."""
        data, messages, slot, first, acknowledgements = batch
        if acknowledgements:
            if first + acknowledgements - 1 not in self._slot_of:
                self._slot_of |= {first + n: slot for n in range(acknowledgements)}
            self._unacknowledged[slot] = acknowledgements
        self.published += messages
        self._write(data)

    async def drain(self) -> None:
        """Wait until the broker has everything: all acknowledgements, and what needs none is read.

        Raises:
            BrokerFailedError: It never will.
        """
        self._write(mqtt5.PingReqPacket().write())  # it is answered when all that was sent before it is read
        pings = self._answered_pings + 1
        await self.until(lambda: self._answered_pings >= pings and not self._unacknowledged.total())

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None and not self._transport.is_closing():
            self._write(mqtt5.DisconnectPacket().write())
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _fail(self, what: str) -> None:
        if self._error is None:
            self._error = BrokerFailedError(f"The broker at {self._broker} {what}")
        self.wake()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._socket = transport.get_extra_info("socket")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        self._fail("closed the connection" + (f": {exc}" if exc else ""))

    def pause_writing(self) -> None:
        """Note that enough is waiting to be sent."""
        self._writable = False

    def resume_writing(self) -> None:
        """Note that there is room again."""
        self._writable = True
        self.wake()

    def data_received(self, data: bytes) -> None:
        """Take what came from the broker, packet by packet. Hot: about 0.8 us for each acknowledgement."""
        self._spare_the_processor()
        view = memoryview(self._rest + data)
        position = 0
        progress = False
        try:
            while position < len(view):
                packet, size = mqtt5.read(view[position:])
                position += size
                if isinstance(packet, mqtt5.PubAckPacket) and int(packet.reason_code) < _FAILURE:
                    self.acknowledged += 1
                    slot = self._slot_of[packet.packet_id]
                    self._unacknowledged[slot] -= 1
                    progress = progress or not self._unacknowledged[slot]
                else:
                    self._take(packet)
                    progress = True
        except IndexError:  # half a packet; the rest is still on the wire
            pass
        except (ValueError, KeyError) as error:
            self._fail(f"sent what is no answer to us: {error}")
        self._rest = bytes(view[position:])
        if progress:
            self.wake()

    def _spare_the_processor(self) -> None:
        """Read again a little later, and let the broker send meanwhile.

        mosquitto writes each PUBACK by itself, and Nagle's algorithm then keeps the next until TCP has acknowledged it.
        Left alone, either every read brings one PUBACK (7 us each instead of 1.5 us), or the broker waits for a
        delayed acknowledgement (40 ms for each window).
        """
        if self._transport is None:
            return
        if sys.platform == "linux" and self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # the kernel soon forgets it again
        if self.window >= _LARGE_WINDOW:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(_GROUPING_SECONDS, self._transport.resume_reading)

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SUCCESS):
                self.window = min(self.window, packet.receive_max)
                self._connected = True
            case mqtt5.ConnAckPacket() | mqtt5.PubAckPacket() | mqtt5.DisconnectPacket():
                self._fail(
                    f"refuses: {packet.reason_code.name}" + (f": {packet.reason_str}" if packet.reason_str else "")
                )
            case mqtt5.SubAckPacket() if all(int(code) < _FAILURE for code in packet.reason_codes):
                self._subscribed = True
            case mqtt5.PublishPacket():
                if packet.packet_id is not None:
                    self._write(mqtt5.PubAckPacket(packet.packet_id).write())
                self.received.append((packet.topic, bytes(packet.payload or b"")))
            case mqtt5.PingRespPacket():
                self._answered_pings += 1
            case _:
                self._fail(f"sent an unexpected {type(packet).__name__}")
