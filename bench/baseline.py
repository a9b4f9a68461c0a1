"""The least that a subscriber in this language can do, to compare the gateway with: receive, parse, acknowledge, count.

    python -m bench.baseline PORT MESSAGES

It speaks MQTT 5 with the library that the gateway uses, on an asyncio.Protocol, parses each payload as JSON, and
acknowledges in groups of 5000 messages or 100 ms, as the gateway does by default. It makes nothing safe and nothing of
the values: what the gateway takes beyond it is the price of checking, naming, typing, encoding and keeping them.

Writes `ready` when it is subscribed, and a JSON object when it has sent the last acknowledgement: `messages`, and
`seconds` from the first acknowledgement to the last. Then it waits to be ended, so that it can be weighed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

import mqtt5
import orjson
from mqtt5 import PublishPacket, QoS

GROUP, LINGER = 5000, 0.1
RECEIVE_MAXIMUM = 65_534
PATIENCE = 120.0
"""Seconds after which it ends in any case."""


class Subscriber(asyncio.Protocol):
    """One subscription, which ends by itself after so many messages."""

    def __init__(self, messages: int) -> None:
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        """Seconds from the first acknowledgement to the last."""
        self._left = messages
        self._transport: asyncio.Transport | None = None
        self._rest = bytearray()
        self._packet_ids: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._first: float | None = None
        self.parsed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT and SUBSCRIBE."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self._transport = transport
        connect = mqtt5.ConnectPacket("baseline", clean_start=True, receive_max=RECEIVE_MAXIMUM)
        subscribe = mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("#", max_qos=QoS.AT_LEAST_ONCE)])
        transport.write(connect.write() + subscribe.write())

    def data_received(self, data: bytes) -> None:
        """Take messages: nothing is done here that can be left out."""
        self._rest += data
        begin, end = 0, len(self._rest)
        with memoryview(self._rest) as view:
            while begin < end:
                try:
                    packet, length = mqtt5.read(view[begin:])
                except IndexError:  # half a packet; the rest is still on the wire
                    break
                begin += length
                if type(packet) is PublishPacket:
                    self.parsed += type(orjson.loads(packet.payload or b"")) is dict
                    self._packet_ids.append(packet.packet_id or 0)
                elif isinstance(packet, mqtt5.SubAckPacket):
                    print("ready", flush=True)
        del self._rest[:begin]
        if self._packet_ids and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._acknowledge)
        if len(self._packet_ids) >= GROUP:
            self._acknowledge()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail, if that was not the end."""
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the broker has gone: {exc}"))

    def _acknowledge(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.write(b"".join(mqtt5.PubAckPacket(packet_id).write() for packet_id in self._packet_ids))
        now = time.monotonic()
        self._first = now if self._first is None else self._first
        self._left -= len(self._packet_ids)
        self._packet_ids.clear()
        if self._left <= 0 and not self.done.done():
            self.done.set_result(now - self._first)


async def main(port: int, messages: int) -> None:
    """Subscribe, take so many messages, say so, and wait."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        _, subscriber = await loop.create_connection(lambda: Subscriber(messages), "127.0.0.1", port)
        seconds = await subscriber.done
        print(json.dumps({"messages": subscriber.parsed, "seconds": seconds}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The least that a subscriber can do.")
    parser.add_argument("port", type=int)
    parser.add_argument("messages", type=int)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.port, arguments.messages))
