"""An MQTT 5 connection on asyncio: handshake, keep-alive, acknowledgements, commands, and its end.

What a message costs is in `packets.PacketReader.read`; here it costs once per read of the network.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

import mqtt5
from mqtt5 import DisconnectReasonCode

from gateway.models import Command
from gateway.mqtt import handshake
from gateway.mqtt.commands import Commands
from gateway.mqtt.deliveries import Deliveries
from gateway.mqtt.endpoint import Endpoint, explain
from gateway.mqtt.keep_alive import KeepAlive
from gateway.mqtt.outcomes import ConnectionEnded, ProtocolViolation, Refused, VersionUnsupported
from gateway.mqtt.packets import PacketReader, pubacks
from gateway.mqtt.terms import ANSWER_SECONDS, SUBSCRIBE_SECONDS, Established, Terms

_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_PING = mqtt5.PingReqPacket().write()
_SMALL_READ = 16_384
_GATHER_SECONDS = 0.004


class Connection5(asyncio.BufferedProtocol):
    """One MQTT 5 connection; see `terms.Connection`."""

    protocol = "5"

    def __init__(self, terms: Terms, endpoint: Endpoint, deliveries: Deliveries, reader: PacketReader) -> None:
        self._terms, self._endpoint, self._deliveries, self._reader = terms, endpoint, deliveries, reader
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[ConnectionEnded] = self._loop.create_future()
        self._connack: asyncio.Future[mqtt5.ConnAckPacket] = self._loop.create_future()
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._hello = b""
        self._asked: dict[int, str] = {}
        """Topic filters by the packet identifier of SUBSCRIBE, until SUBACK."""
        self._granted: dict[str, int] = {}
        self._commands: Commands | None = None
        self._confirmed = asyncio.Event()
        self._confirmed.set()
        self._unsent = bytearray()
        self._said_goodbye = False
        self._paused = False
        self._read_at = 0.0
        self._congested = False
        self._keep_alive = KeepAlive(0, lambda: None, lambda _: None)

    async def open(self) -> Established:
        """Connect and subscribe; see `terms.Connection`."""
        endpoint = self._endpoint
        try:
            self._hello = handshake.connect(self._terms, endpoint)
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._loop.create_connection(lambda: self, endpoint.host, endpoint.port, ssl=endpoint.context)
        except OSError as error:
            raise explain(error, endpoint) from error
        except ValueError as error:
            raise Refused(f"CONNECT cannot be written: {error}", "check username and password_file") from error
        await self._wait_for(self._connack, ANSWER_SECONDS)
        if not self._connack.done():
            raise self._no_answer()
        answer = self._connack.result()
        handshake.judge(answer.reason_code.value, answer.reason_str)
        self._commands = Commands(answer, first_id=len(self._terms.topic_filters) + 1)
        self._keep_alive = KeepAlive(
            answer.server_keep_alive or self._terms.keep_alive,
            lambda: self._write(_PING),
            lambda reason: self._end(ConnectionEnded(reason)),
        )
        for packet_id, topic_filter, packet in handshake.subscribe(
            self._terms, identifiers=answer.subscription_id_available
        ):
            self._asked[packet_id] = topic_filter
            self._write(packet)
        if not self._asked:
            self._subscribed.set_result(None)
        while not self._subscribed.done():
            await self._wait_for(self._subscribed, SUBSCRIBE_SECONDS)
            if self._subscribed.done():  # though the connection may have ended since
                break
            if self.ended.done():
                raise self.ended.result()
            if not self._paused:  # paused, the answer may be there, unread
                raise ConnectionEnded(f"the broker did not answer SUBSCRIBE within {SUBSCRIBE_SECONDS:.0f} s")
        return handshake.established(answer, self._granted)

    async def _wait_for(
        self, answer: asyncio.Future[mqtt5.ConnAckPacket] | asyncio.Future[None], seconds: float
    ) -> None:
        await asyncio.wait((answer, self.ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def _no_answer(self) -> ConnectionEnded:
        """Say why there is no CONNACK. Unless TLS was the reason, the broker may not know MQTT 5."""
        if not self.ended.done():
            return VersionUnsupported(f"the broker did not answer CONNECT within {ANSWER_SECONDS:.0f} s")
        error = self.ended.result()
        if type(error) in (ConnectionEnded, ProtocolViolation):
            return VersionUnsupported(f"the broker did not answer CONNECT: {error.reason}")
        return error

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker; what else could it be
        self._transport = transport
        self._write(self._hello)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the reader knows better
        """Return where to write what has come."""
        return self._reader.space()

    def buffer_updated(self, nbytes: int) -> None:
        """Read what has come."""
        if self.ended.done():
            return
        self._keep_alive.heard()
        if nbytes < _SMALL_READ and not self._paused:
            self._gather()
        deliveries = self._deliveries
        delivery = deliveries.open(self)
        try:
            try:
                others = self._reader.read(nbytes, delivery, deliveries.now_ns())
            finally:
                deliveries.close(delivery)  # what came before a violation is as good as any
            for packet in others:
                self._take(packet)
        except ProtocolViolation as error:
            self._write(mqtt5.DisconnectPacket(reason_code=DisconnectReasonCode.PROTOCOL_ERROR).write())
            self._end(error)

    def _gather(self) -> None:
        """Let more come together before the next read, if much comes in small pieces.

        Brokers write each message by itself, and to wake up for a few costs ten times what reading them costs. Where
        the broker waits for an acknowledgement after a few, waiting for more would be in vain.
        """
        before, self._read_at = self._read_at, self._loop.time()
        if self._read_at - before < 2 * _GATHER_SECONDS and self._deliveries.has_wide_window and self._transport:
            self._transport.pause_reading()
            self._loop.call_later(_GATHER_SECONDS, self._go_on)

    def _go_on(self) -> None:
        if self._transport is not None and not self._paused:
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Publish nothing more: the broker does not read."""
        self._congested = True

    def resume_writing(self) -> None:
        """Publish again."""
        self._congested = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone."""
        match exc:
            case None:
                self._end(ConnectionEnded("the broker closed the connection"))
            case ssl.SSLError():
                self._end(explain(exc, self._endpoint))
            case _:
                self._end(ConnectionEnded(f"the connection broke: {exc}"))
        self._lost.set_result(None)

    # What the source calls.

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Send acknowledgements; those of one turn of the loop go out in one write."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent += pubacks(packet_ids)

    def publish(self, command: Command) -> bool:
        """Send a message, at QoS 1 at most; return whether it was sent.

        Raises:
            ValueError: It cannot be a message.
        """
        if self._commands is None or self._congested or self.ended.done():
            return False
        packet = self._commands.write(command)
        if packet is None:
            return False
        if self._commands.unanswered:
            self._confirmed.clear()
        self._write(packet)
        return True

    async def confirmed(self, seconds: float) -> None:
        """Wait until the broker has confirmed what was published at QoS 1, or the connection is gone, or so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._confirmed.wait(), seconds)

    def pause_reading(self) -> None:
        """Take nothing more from the network; pings go on."""
        self._paused = True
        self._keep_alive.listen(listening=False)
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more from the network again."""
        self._paused = False
        self._keep_alive.listen(listening=True)
        if self._transport is not None:
            self._transport.resume_reading()

    async def close(self) -> None:
        """Send what is to be sent, DISCONNECT, and close; the session stays, if it is one that lasts."""
        if self._transport is None:
            return
        if not self.ended.done():
            self._keep_alive.stop()
            self._flush()
            self._write(mqtt5.DisconnectPacket().write())
            self._said_goodbye = True
            if self._terms.clean_start and not self._paused:  # what is on its way comes before the broker hangs up
                await asyncio.wait((self.ended,), timeout=_CLOSE_SECONDS)
        self._end(ConnectionEnded("disconnected"))
        await asyncio.wait((self._lost,), timeout=_CLOSE_SECONDS)
        self._transport.abort()
        await self._lost

    # What these have in common.

    def _take(self, packet: mqtt5.Packet) -> None:
        """Do what a packet that is no message asks for."""
        match packet:
            case mqtt5.ConnAckPacket() if not self._connack.done():
                self._connack.set_result(packet)
            case mqtt5.SubAckPacket() if packet.packet_id in self._asked and len(packet.reason_codes) == 1:
                self._granted[self._asked.pop(packet.packet_id)] = packet.reason_codes[0].value
                if not self._asked and not self._subscribed.done():
                    self._subscribed.set_result(None)
            case mqtt5.PubAckPacket() if self._commands is not None:
                self._commands.answered(packet)
                if not self._commands.unanswered:
                    self._confirmed.set()
            case mqtt5.PingRespPacket():
                self._keep_alive.answered()
            case mqtt5.DisconnectPacket():
                self._end(handshake.farewell(packet))
            case _:
                raise ProtocolViolation(f"a {type(packet).__name__} came that was not asked for")

    def _flush(self) -> None:
        self._write(bytes(self._unsent))
        self._unsent.clear()

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing() and not self._said_goodbye:
            self._transport.write(data)

    def _end(self, error: ConnectionEnded) -> None:
        """Say why there is no connection any more (the first to say so is right), and see to it that there is none."""
        self._keep_alive.stop()
        self._confirmed.set()
        if not self.ended.done():
            self.ended.set_result(error)
        if self._transport is not None:
            self._transport.close()
