"""An MQTT 5 connection that publishes at QoS 1 and says what the broker answers to each message."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import mqtt5

from gateway.errors import GatewayError
from gateway.mqtt.endpoint import Endpoint, explain
from gateway.verification.messages import Stream

ANSWER_SECONDS = 10.0
"""How long the broker may take to answer CONNECT."""
KEEP_ALIVE = 60
FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5.0, 2.4)."""

Answer: TypeAlias = Callable[[Stream, int, mqtt5.PubAckReasonCode], None]
"""Is told what the broker answers to a message: its stream, its number, and the reason code."""


async def connect(
    endpoint: Endpoint,
    client_id: str,
    window: int,
    answer: Answer,
) -> Connection:
    """Connect with a session that ends with the connection.

    Args:
        endpoint: The broker.
        client_id: Unique on it.
        window: Messages on their way at a time, at most; the broker may allow fewer.
        answer: Told what the broker answers to each.

    Raises:
        GatewayError: The broker cannot be reached, or does not take us.
    """
    hello = mqtt5.ConnectPacket(
        client_id,
        username=endpoint.username,
        password=endpoint.password,
        clean_start=True,
        keep_alive=KEEP_ALIVE,
        topic_alias_max=0,
    ).write()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, connection = await loop.create_connection(
                lambda: Connection(window, answer), endpoint.host, endpoint.port, ssl=endpoint.context
            )
    except OSError as error:
        raise explain(error, endpoint) from error
    connection.write(hello)
    await asyncio.wait((connection.greeted,), timeout=ANSWER_SECONDS)
    refusal = connection.greeted.result() if connection.greeted.done() else "it does not answer in MQTT 5"
    if refusal:
        await connection.close()
        raise GatewayError(f"the broker {endpoint.host}:{endpoint.port} does not take the publisher: {refusal}")
    return connection


async def forget_session(endpoint: Endpoint, client_id: str) -> None:
    """Let the broker forget the session of a client that has gone.

    Raises:
        GatewayError: It cannot be reached.
    """
    connection = await connect(endpoint, client_id, 1, lambda *_: None)  # a clean start, and no expiry: MQTT 5.0, 3.1.2
    await connection.close()


class Connection(asyncio.Protocol):
    """One connection: what is on its way, by packet identifier."""

    def __init__(self, window: int, answer: Answer) -> None:
        self.waiting: dict[int, tuple[Stream, int]] = {}
        self.greeted: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why the broker does not take us; empty if it does."""
        self._window, self._answer = window, answer
        self._free: deque[int] = deque()
        self._rest = b""
        self._writable = True
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()
        self._ping: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing can come over it any more."""
        return self._transport is None or self._transport.is_closing()

    @property
    def room(self) -> int:
        """Messages that may be sent now."""
        return len(self._free) if self._writable else 0

    def packet(self, stream: Stream, number: int, topic: str, payload: bytes) -> bytes:
        """Return PUBLISH, and expect its acknowledgement."""
        packet_id = self._free.popleft()
        self.waiting[packet_id] = (stream, number)
        return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()

    def write(self, data: bytes) -> None:
        """Send bytes; they are lost if the connection is."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def close(self) -> None:
        """End it and wait until it is gone."""
        if self._transport is None:
            return
        self.write(mqtt5.DisconnectPacket().write())
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._gone.wait()
        self._transport.abort()
        await self._gone.wait()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        if self._ping is not None:
            self._ping.cancel()
        if not self.greeted.done():
            self.greeted.set_result(f"it closed the connection{f': {exc}' if exc else ''}")
        self._gone.set()

    def pause_writing(self) -> None:
        """Send nothing: the broker does not read."""
        self._writable = False

    def resume_writing(self) -> None:
        """Send again."""
        self._writable = True

    def data_received(self, data: bytes) -> None:
        """Take what the broker sends."""
        self._acknowledge_tcp()
        view, position = memoryview(self._rest + data), 0
        try:
            while position < len(view):
                packet, size = mqtt5.read(view[position:])
                position += size
                self._take(packet)
        except IndexError:  # half a packet; the rest is still on the wire
            pass
        except ValueError as error:
            self._end(f"what it sends is not MQTT 5: {error}")
        self._rest = bytes(view[position:])

    def _acknowledge_tcp(self) -> None:
        """Let the broker's next PUBACK come at once.

        mosquitto writes each by itself, and Nagle's algorithm keeps it back until TCP has acknowledged the one before,
        which Linux would otherwise put off for 40 ms.
        """
        connection = None if self._transport is None else self._transport.get_extra_info("socket")
        if sys.platform == "linux" and connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # the kernel soon forgets it

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PubAckPacket() if packet.packet_id in self.waiting:
                stream, number = self.waiting.pop(packet.packet_id)
                self._free.append(packet.packet_id)
                self._answer(stream, number, packet.reason_code)
            case mqtt5.ConnAckPacket() if not self.greeted.done():
                self._welcome(packet)
            case mqtt5.PingRespPacket():
                pass
            case mqtt5.DisconnectPacket():
                self._end(f"it said goodbye: {packet.reason_code.name}")
            case _:
                self._end(f"a {type(packet).__name__} came that was not asked for")

    def _welcome(self, packet: mqtt5.ConnAckPacket) -> None:
        if packet.reason_code.value >= FAILURE:
            self.greeted.set_result(f"{packet.reason_code.name}{f': {packet.reason_str}' if packet.reason_str else ''}")
            return
        if packet.max_qos is mqtt5.QoS.AT_MOST_ONCE:
            self.greeted.set_result("it allows QoS 0 only, at which nothing is acknowledged")
            return
        self._free.extend(range(1, min(self._window, packet.receive_max) + 1))
        self.greeted.set_result("")
        self._tick(min(packet.server_keep_alive or KEEP_ALIVE, KEEP_ALIVE) / 2)

    def _tick(self, seconds: float) -> None:
        self.write(mqtt5.PingReqPacket().write())
        self._ping = asyncio.get_running_loop().call_later(seconds, self._tick, seconds)

    def _end(self, why: str) -> None:
        if not self.greeted.done():
            self.greeted.set_result(why)
        if self._transport is not None:
            self._transport.close()
