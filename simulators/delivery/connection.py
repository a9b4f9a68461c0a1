"""The MQTT connection of one machine, line or edge node, over `mqtt5` (sans-I/O) on an `asyncio.Protocol`.

A Will belongs to a connection, so whoever has one needs a connection of its own, and a simulated factory has hundreds;
and a cable must be pulled or go dead where a fault says so. That rules out aiomqtt, whose paho client takes a socket
pair, a task and some 40 us a message for each; this takes a socket and an object. The price: brokers that know only
MQTT 3.1.1 are not served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import mqtt5

from simulators.broker import Broker
from simulators.delivery.window import Window
from simulators.messages import Publication

_ANSWER_SECONDS = 5.0
"""How long the broker may take for an answer before the connection is given up."""

_KEEP_ALIVE_SECONDS = 30
_FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5, 2.4)."""

_FINAL_REFUSALS = {0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C}
"""MQTT 5, 3.2.2.2: version, client id, login, permission, ban."""

_MAX_PACKET = 1_048_576
"""Bytes that the broker may send in a packet: only commands and states are listened to, and they are small."""

_PACKET_ID = 1
"""Of the one SUBSCRIBE. Publications at QoS 1 have identifiers of their own kind."""


class BrokerRefusedError(Exception):
    """The broker does not let this client in, and will not: someone must change its settings, or ours."""


class ConnectionLostError(Exception):
    """There is no connection: it could not be made, or it ended. The next attempt may succeed."""


class Connection(asyncio.Protocol):
    """A connection to a broker, made by `open`.

    Attributes:
        is_writable: Whether what was published has left; if not, the broker is behind.
        window: What is to be sent, and on its way.

    Args:
        broker: To whom.
        progress: Set whenever the broker has acknowledged something, or takes more.
    """

    def __init__(self, broker: Broker, progress: asyncio.Event) -> None:
        self._progress = progress
        self.is_writable = True
        self.window = Window()
        self._is_dead = False
        self._is_closing = False
        self._broker = broker
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waits_for_ping = False
        self._arrived: list[tuple[str, bytes]] = []
        self._receive: Callable[[str, bytes], None] | None = None
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[mqtt5.Packet] = loop.create_future()
        self._ended: asyncio.Future[str] = loop.create_future()
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(
        cls, broker: Broker, will: Publication | None, subscriptions: Sequence[str], progress: asyncio.Event
    ) -> Connection:
        """Return a connection that the broker has accepted, with this Will, when all subscriptions are granted.

        Raises:
            ConnectionLostError: There is none; another attempt may succeed.
            BrokerRefusedError: The broker does not let this node in, and will not.
        """
        loop = asyncio.get_running_loop()
        connection = cls(broker, progress)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await loop.create_connection(lambda: connection, broker.host, broker.port)
                await connection._log_in(will)
                if subscriptions:
                    await connection._subscribe(subscriptions)
        except TimeoutError as error:
            connection.abort()
            raise ConnectionLostError(f"the broker at {broker} has not answered for {_ANSWER_SECONDS:g} s") from error
        except OSError as error:
            raise ConnectionLostError(f"no broker answers at {broker}: {error}") from error
        except (ConnectionLostError, BrokerRefusedError, asyncio.CancelledError):
            connection.abort()
            raise
        connection._watch()
        return connection

    def listen(self, receive: Callable[[str, bytes], None]) -> None:
        """Have topic and payload of every message handed to `receive`, those first that are already there."""
        self._receive = receive
        arrived, self._arrived = self._arrived, []
        for name, payload in arrived:
            receive(name, payload)

    @property
    def is_ending(self) -> bool:
        """Whether it was closed or cut, and is about to end."""
        return self._is_closing or self._transport is None or self._transport.is_closing()

    def publish(self, publication: Publication, *, duplicate: bool = False) -> None:
        """Send a message, as soon as the broker's receive maximum allows; see `window` for what became of it.

        Args:
            publication: The message.
            duplicate: Whether it was sent before, over another connection.
        """
        self.window.put(publication, duplicate=duplicate)
        self._send()

    def _send(self) -> None:
        if packets := self.window.packets():
            self._write(packets)

    def close(self, *, with_packet: bool = True) -> None:
        """End the connection when all has been sent; without DISCONNECT the broker publishes the Will."""
        if with_packet:
            self._write(mqtt5.DisconnectPacket().write())
        if self._transport is None or self._transport.is_closing() or self._is_closing:
            return
        if self._is_dead:
            self._transport.abort()
            return
        # The broker closes. Were it done here while its acknowledgements are on their way, TCP would reset the
        # connection, and the broker could lose what it has not read: the last messages, and DISCONNECT.
        self._is_closing = True
        self._transport.write_eof()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self.abort)

    def abort(self) -> None:
        """Cut the connection, as a cable that is pulled; the broker publishes the Will."""
        if self._transport is not None:
            self._transport.abort()

    def go_dead(self) -> None:
        """Say and hear nothing more, and leave the connection open: as behind a switch that lost its power."""
        self._is_dead = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.pause_reading()

    async def ended(self) -> str:
        """Wait until the connection is no more, and return why."""
        return await asyncio.shield(self._ended)

    async def _log_in(self, will: Publication | None) -> None:
        broker = self._broker
        connect = mqtt5.ConnectPacket(
            "",
            username=broker.username,
            password=None if broker.password is None else broker.password.encode(),
            clean_start=True,
            keep_alive=_KEEP_ALIVE_SECONDS,
            max_packet_size=_MAX_PACKET,
            will=None
            if will is None
            else mqtt5.Will(
                will.topic,
                payload=will.payload,
                qos=mqtt5.QoS.AT_LEAST_ONCE if will.qos else mqtt5.QoS.AT_MOST_ONCE,
                retain=will.retain,
            ),
        )
        answer = await self._ask(connect.write())
        if not isinstance(answer, mqtt5.ConnAckPacket):
            raise ConnectionLostError(f"the broker at {broker} answers CONNECT with {type(answer).__name__}")
        if int(answer.reason_code) in _FINAL_REFUSALS:
            raise BrokerRefusedError(f"The broker at {broker} refuses this client: {answer.reason_code.name}")
        if int(answer.reason_code) >= _FAILURE:
            raise ConnectionLostError(f"the broker at {broker} refuses for now: {answer.reason_code.name}")
        self.window.open(answer.receive_max)

    async def _subscribe(self, subscriptions: Sequence[str]) -> None:
        filters = [mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for pattern in subscriptions]
        answer = await self._ask(mqtt5.SubscribePacket(_PACKET_ID, filters).write())
        if not isinstance(answer, mqtt5.SubAckPacket) or any(int(code) >= _FAILURE for code in answer.reason_codes):
            raise BrokerRefusedError(
                f"The broker at {self._broker} refuses a subscription to {', '.join(subscriptions)}"
            )

    async def _ask(self, data: bytes) -> mqtt5.Packet:
        self._answer = asyncio.get_running_loop().create_future()
        self._write(data)
        await asyncio.wait((self._answer, self._ended), return_when=asyncio.FIRST_COMPLETED)
        if not self._answer.done():
            raise ConnectionLostError(self._ended.result())
        return self._answer.result()

    def _watch(self) -> None:
        """Ping the broker now and then, and give the connection up if the last ping was not answered."""
        if self._waits_for_ping:
            self.abort()
            return
        self._waits_for_ping = True
        self._write(mqtt5.PingReqPacket().write())
        self._timer = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS / 2, self._watch)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._is_dead and not self.is_ending:
            self._transport.write(data)

    def _take(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PublishPacket():
                if packet.packet_id is not None:
                    self._write(mqtt5.PubAckPacket(packet.packet_id).write())
                if self._receive is None:
                    self._arrived.append((packet.topic, packet.payload))
                else:
                    self._receive(packet.topic, packet.payload)
            case mqtt5.PubAckPacket():
                self.window.acknowledge(packet.packet_id)
                self._send()
                self._progress.set()
            case mqtt5.ConnAckPacket() | mqtt5.SubAckPacket() if not self._answer.done():
                self._answer.set_result(packet)
            case mqtt5.PingRespPacket():
                self._waits_for_ping = False
            case mqtt5.DisconnectPacket():
                self._end(f"the broker at {self._broker} ends the connection: {packet.reason_code.name}")
                self.abort()
            case _:
                pass  # nothing else is asked for

    def _end(self, reason: str) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._end(f"the connection to the broker at {self._broker} was lost" + (f": {exc}" if exc else ""))

    def pause_writing(self) -> None:
        """Note that enough is waiting to be sent."""
        self.is_writable = False

    def resume_writing(self) -> None:
        """Note that there is room again."""
        self.is_writable = True
        self._progress.set()

    def data_received(self, data: bytes) -> None:
        """Take what came from the broker, packet by packet."""
        self._buffer += data
        position = 0
        try:
            with memoryview(self._buffer) as view:
                while position < len(view):
                    packet, size = mqtt5.read(view[position:])
                    position += size
                    self._take(packet)
        except IndexError:  # half a packet; the rest is still on the wire
            del self._buffer[:position]
            if len(self._buffer) > _MAX_PACKET:
                self._give_up(f"a packet of more than {_MAX_PACKET:,} bytes, which nobody allowed")
        except ValueError as error:
            self._give_up(f"what is no MQTT 5: {error}")
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            self._give_up("text that is not UTF-8")  # at that `mqtt5` panics, with no Exception
        else:
            self._buffer.clear()

    def _give_up(self, sent: str) -> None:
        """End the connection to a broker that sends what it must not."""
        self._buffer = bytearray()  # the old one may still be looked at
        self._end(f"the broker at {self._broker} sent {sent}")
        self.abort()
