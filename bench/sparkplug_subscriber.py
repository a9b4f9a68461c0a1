"""The least that a subscriber in this language can do with Sparkplug: receive, parse, look at each metric once, count.

    python -m bench.sparkplug_subscriber PORT

It speaks MQTT 5 with the library that the gateway uses, on an asyncio.Protocol, parses each payload with protobuf, and
reads the alias, the time and the value of each metric, which it finds by the alias as the birth told it. It keeps
nothing of that: what the gateway takes beyond it is the price of sequence and sessions, of naming, checking, encoding
and keeping.

Writes `ready` when it is subscribed, and whenever something came how many messages that makes, until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from operator import attrgetter

import mqtt5
from mqtt5 import PublishPacket

from adapters.sparkplug.payload_pb2 import Metric, Payload
from bench.sparkplug_node import value_field

_Get = Callable[[Metric], bool | int | float | bytes]


class Subscriber(asyncio.Protocol):
    """One subscription.

    Attributes:
        gone: Done when the broker has closed the connection.
    """

    def __init__(self) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = bytearray()
        self._received = 0
        self._getters: dict[int, _Get] = {}
        self.latest: tuple[int, bool | int | float | bytes] = (0, 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT and SUBSCRIBE."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        connect = mqtt5.ConnectPacket("baseline", clean_start=True)
        subscribe = mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("spBv1.0/#", max_qos=mqtt5.QoS.AT_LEAST_ONCE)])
        transport.write(connect.write() + subscribe.write())

    def data_received(self, data: bytes) -> None:
        """Take messages: nothing is done here that can be left out."""
        self._rest += data
        begin, end, before = 0, len(self._rest), self._received
        with memoryview(self._rest) as view:
            while begin < end:
                try:
                    packet, length = mqtt5.read(view[begin:])
                except IndexError:  # half a packet; the rest is still on the wire
                    break
                begin += length
                if type(packet) is PublishPacket:
                    self._take(packet)
                elif isinstance(packet, mqtt5.SubAckPacket):
                    print("ready", flush=True)
        del self._rest[:begin]
        if self._received > before:
            print(self._received, flush=True)

    def connection_lost(self, _error: Exception | None) -> None:
        """End."""
        if not self.gone.done():
            self.gone.set_result(None)

    def _take(self, packet: PublishPacket) -> None:
        self._received += 1
        metrics = Payload.FromString(packet.payload or b"").metrics
        if "/NBIRTH/" in packet.topic:
            self._getters |= {metric.alias: attrgetter(value_field(metric.alias)) for metric in metrics if metric.alias}
            return
        getters = self._getters
        for metric in metrics:
            self.latest = (metric.timestamp, getters[metric.alias](metric))


async def main(port: int) -> None:
    """Subscribe, and take what comes."""
    _, subscriber = await asyncio.get_running_loop().create_connection(Subscriber, "127.0.0.1", port)
    await subscriber.gone


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The least that a subscriber can do.")
    parser.add_argument("port", type=int)
    asyncio.run(main(parser.parse_args().port))
