"""An MQTT 3.1.1 connection, for brokers that know no MQTT 5: paho-mqtt in a thread, and its messages on the loop.

Slower than MQTT 5 here, some 30 us a message, and paho takes a packet whole into memory before its length can be seen.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import mqtt5
from paho.mqtt.client import Client, MQTTMessage

from gateway.clock import STRIDE_NS
from gateway.interfaces import Unreadable
from gateway.models import Command, Message
from gateway.mqtt.deliveries import Deliveries
from gateway.mqtt.endpoint import Endpoint
from gateway.mqtt.outcomes import ConnectionEnded
from gateway.mqtt.paho_session import PahoSession
from gateway.mqtt.publish import KEPT_PAYLOAD
from gateway.mqtt.terms import Established, Terms
from gateway.status import SourceStatus

_MAX_COMMANDS = 1000
_HEADER = 9
"""Bytes of a PUBLISH packet besides topic and payload, at most (MQTT 3.1.1, 3.3)."""


class Connection3:
    """One MQTT 3.1.1 connection; see `terms.Connection`.

    Args:
        max_packet: Of longer packets only the start is kept.
        status: Where those are counted.
    """

    protocol = "3.1.1"

    def __init__(
        self, terms: Terms, endpoint: Endpoint, deliveries: Deliveries, max_packet: int, status: SourceStatus
    ) -> None:
        self._deliveries, self._max_packet, self._status = deliveries, max_packet, status
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[ConnectionEnded] = self._loop.create_future()
        self._opened: asyncio.Future[Established] = self._loop.create_future()
        self._commands = 0
        self._unconfirmed = 0
        self._confirmed = asyncio.Event()
        self._confirmed.set()
        self._session = PahoSession(terms, endpoint, _OnTheLoop(self, self._loop))
        self._thread = threading.Thread(target=self._session.run, name=f"mqtt-{terms.client_id}", daemon=True)

    async def open(self) -> Established:
        """Connect and subscribe; see `terms.Connection`."""
        self._thread.start()
        await asyncio.wait((self._opened, self.ended), return_when=asyncio.FIRST_COMPLETED)
        if self._opened.done():  # though the connection may have ended since
            return self._opened.result()
        raise self.ended.result()

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Send acknowledgements."""

        def acknowledge(client: Client) -> None:
            for packet_id in packet_ids:
                client.ack(packet_id, 1)

        self._session.order(acknowledge)

    def publish(self, command: Command) -> bool:
        """Send a message, at QoS 1 at most; return whether it will be sent.

        Raises:
            ValueError: It cannot be a message.
        """
        mqtt5.PublishPacket(command.topic, command.payload)  # paho would find out in its thread, too late to say so
        if self.ended.done() or not self._opened.done() or self._commands >= _MAX_COMMANDS:
            return False
        self._commands += 1
        self._unconfirmed += 1
        self._confirmed.clear()

        def publish(client: Client) -> None:
            client.publish(command.topic, command.payload, min(command.qos, 1), command.retain)
            self._commands -= 1

        self._session.order(publish)
        return True

    async def confirmed(self, seconds: float) -> None:
        """Wait until the broker has confirmed what was published at QoS 1, or the connection is gone, or so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._confirmed.wait(), seconds)

    def pause_reading(self) -> None:
        """Take nothing more from the network; pings go on."""
        self._session.pause(paused=True)

    def resume_reading(self) -> None:
        """Take more from the network again."""
        self._session.pause(paused=False)

    async def close(self) -> None:
        """Send what is to be sent, DISCONNECT, and close; the session stays, if it is one that lasts."""
        if not self._thread.ident:
            return
        self._session.stop()
        await asyncio.wait((self.ended,))
        self._thread.join()

    # What the thread calls, through the loop.

    def opened(self, established: Established) -> None:
        """Note that it is connected and subscribed."""
        self._opened.set_result(established)

    def arrived(self, messages: list[MQTTMessage]) -> None:
        """Take messages."""
        delivery, stamp = self._deliveries.open(self), self._deliveries.now_ns()
        for number, message in enumerate(messages):
            readable = self._read(message, stamp + number * STRIDE_NS)
            delivery.add(readable)
            delivery.size += len(readable.topic) + len(readable.payload) + _HEADER
        self._deliveries.close(delivery)

    def published(self) -> None:
        """Note that a command has left, or at QoS 1 that the broker has it."""
        self._unconfirmed -= 1
        if not self._unconfirmed:
            self._confirmed.set()

    def finished(self, error: ConnectionEnded) -> None:
        """Note that it is over."""
        self._confirmed.set()
        self.ended.set_result(error)

    def _read(self, message: MQTTMessage, stamp: int) -> Message | Unreadable:
        payload, packet_id = bytes(message.payload), message.mid
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            topic = bytes(error.object).decode(errors="backslashreplace")
            return Unreadable(topic, payload[:KEPT_PAYLOAD], stamp, packet_id, "its topic is not UTF-8")
        if (size := len(topic.encode()) + len(payload) + _HEADER) > self._max_packet:
            self._status.oversized += 1
            reason = f"the packet has {size} bytes, more than max_packet ({self._max_packet})"
            return Unreadable(topic, payload[:KEPT_PAYLOAD], stamp, packet_id, reason)
        return Message(topic, payload, stamp, packet_id, message.dup, message.retain)


class _OnTheLoop:
    """Carries what the thread says over to the event loop."""

    def __init__(self, connection: Connection3, loop: asyncio.AbstractEventLoop) -> None:
        self._connection, self._loop = connection, loop

    def opened(self, established: Established) -> None:
        self._loop.call_soon_threadsafe(self._connection.opened, established)

    def arrived(self, messages: list[MQTTMessage]) -> None:
        self._loop.call_soon_threadsafe(self._connection.arrived, messages)

    def published(self) -> None:
        self._loop.call_soon_threadsafe(self._connection.published)

    def finished(self, error: ConnectionEnded) -> None:
        self._loop.call_soon_threadsafe(self._connection.finished, error)
