"""The least that a publisher in this language can do, to compare `simulators load` with: one payload, over and over.

    python -m bench.bare_publisher PORT MESSAGES --qos 1 --payload 350 --topics 1000

It encodes each message with the library that the simulators use, since its topic and packet identifier differ, sends
them in groups of 20, and counts acknowledgements. It makes nothing of a machine: what a load takes beyond it is the
price of letting machines live, and of spelling what they measure.

Writes a JSON object at its end: `published`, `seconds` from the first message until the broker has all, `cpu_seconds`.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time

import mqtt5

GROUP, WINDOW = 20, 2_000
_ANY = 65_536
_QUALITIES = (mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE)


class Publisher:
    """One connection that has been accepted.

    Attributes:
        acknowledged: Messages that the broker acknowledged.
        pings: Answers to PINGREQ.
    """

    def __init__(self, port: int) -> None:
        self.acknowledged = self.pings = 0
        self._rest = b""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(mqtt5.ConnectPacket("bare-publisher", clean_start=True).write())
        self._accepted = False
        while not self._accepted:
            self.read()

    def send(self, data: bytes) -> None:
        """Send packets."""
        self._socket.sendall(data)

    def read(self) -> None:
        """Wait for packets, and count them."""
        if sys.platform == "linux":  # or the broker waits for it: see `simulators.load.connection`
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        view = memoryview(self._rest + self._socket.recv(_ANY))
        position = 0
        try:
            while position < len(view):
                packet, size = mqtt5.read(view[position:])
                position += size
                if isinstance(packet, mqtt5.PubAckPacket):
                    self.acknowledged += 1
                elif isinstance(packet, mqtt5.PingRespPacket):
                    self.pings += 1
                else:
                    self._accepted = True
        except IndexError:  # half a packet; the rest is still on the wire
            pass
        self._rest = bytes(view[position:])


def main(port: int, messages: int, qos: int, payload: int, topics: int) -> None:
    """Publish, and say what it took."""
    publisher = Publisher(port)
    names = [f"bare/area{number // 200}/line{number // 20}/machine-{number}/telemetry" for number in range(topics)]
    content = b"x" * payload
    began, began_cpu = time.monotonic(), time.process_time()
    for first in range(0, messages, GROUP):
        while qos and first - publisher.acknowledged > WINDOW - GROUP:
            publisher.read()
        publisher.send(
            b"".join(
                mqtt5.PublishPacket(
                    names[number % topics],
                    content,
                    qos=_QUALITIES[qos],
                    packet_id=number % WINDOW + 1 if qos else None,
                ).write()
                for number in range(first, min(messages, first + GROUP))
            )
        )
    publisher.send(mqtt5.PingReqPacket().write())
    while not publisher.pings or (qos and publisher.acknowledged < messages):
        publisher.read()
    seconds, cpu = time.monotonic() - began, time.process_time() - began_cpu
    print(json.dumps({"published": messages, "seconds": seconds, "cpu_seconds": cpu}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Publishes one payload over and over.")
    parser.add_argument("port", type=int)
    parser.add_argument("messages", type=int)
    for option in ("qos", "payload", "topics"):
        parser.add_argument(f"--{option}", type=int, required=True)
    main(**vars(parser.parse_args()))
