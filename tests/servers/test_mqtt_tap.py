"""The tap passes everything on, and keeps account of what a gateway acknowledges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import Broker, StartMosquitto
from tests.servers.mqtt_tap import Frames, MqttTap
from tests.servers.proxy import Direction

VERSIONS = [MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311]


class Line(NamedTuple):
    """A broker and the tap before it."""

    broker: Broker
    tap: MqttTap


@pytest.fixture
def line(mosquitto: StartMosquitto) -> Iterator[Line]:
    broker = mosquitto()
    with MqttTap(broker.port) as tap:
        yield Line(broker, tap)


class Subscriber:
    """A client that acknowledges only what it is told to."""

    def __init__(self, port: int, version: MQTTProtocolVersion) -> None:
        clean = None if version is MQTTProtocolVersion.MQTTv5 else False
        self.messages: list[MQTTMessage] = []
        self.subscribed = False
        self.client = Client(
            CallbackAPIVersion.VERSION2, "taker", clean_session=clean, protocol=version, manual_ack=True
        )
        self.client.on_subscribe = lambda *_: setattr(self, "subscribed", True)
        self.client.on_message = lambda _client, _data, message: self.messages.append(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        wait_until(self.client.is_connected, "it is connected")
        self.client.subscribe("t/#", 1)
        wait_until(lambda: self.subscribed, "it is subscribed")

    def acknowledge(self, message: MQTTMessage) -> None:
        self.client.ack(message.mid, message.qos)

    def leave(self, *, orderly: bool = True) -> None:
        if orderly:
            self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_only_what_was_acknowledged_is_counted(line: Line, version: MQTTProtocolVersion) -> None:
    subscriber = Subscriber(line.tap.port, version)
    with client(line.broker.port) as publisher:
        properties = (("kind", "test"),)
        publish(publisher, [Publication("t/1", b"a" * 200, user_properties=properties), Publication("t/2", b"b")])
        publish(publisher, [Publication("t/1", b"c")] * 2)
        publish(publisher, [Publication("t/0", b"none")], qos=0)
    wait_until(lambda: len(subscriber.messages) == 5, "all have come")
    for message in subscriber.messages[:3]:
        subscriber.acknowledge(message)
    wait_until(lambda: sum(map(len, line.tap.acknowledged.values())) == 3, "three are acknowledged")
    assert line.tap.acknowledged == {"t/1": {b"a" * 200: 1, b"c": 1}, "t/2": {b"b": 1}}
    subscriber.acknowledge(subscriber.messages[3])
    wait_until(lambda: line.tap.acknowledged["t/1"][b"c"] == 2, "the fourth is acknowledged")
    subscriber.leave()


def test_what_is_acknowledged_again_because_it_was_sent_again_is_counted_once(line: Line) -> None:
    publications = [Publication("t/1", b"same")] * 2
    first = Subscriber(line.tap.port, MQTTProtocolVersion.MQTTv311)
    with client(line.broker.port) as publisher:
        publish(publisher, publications)
    wait_until(lambda: len(first.messages) == 2, "both have come")
    line.tap.stall(Direction.TO_SERVER)
    first.acknowledge(first.messages[0])
    wait_until(lambda: bool(line.tap.acknowledged), "one is acknowledged")
    line.tap.cut()  # and the broker did not hear of it
    first.leave(orderly=False)
    line.tap.pass_on()
    second = Subscriber(line.tap.port, MQTTProtocolVersion.MQTTv311)
    wait_until(lambda: len(second.messages) == 2, "both have come again")
    with client(line.broker.port) as publisher:
        publish(publisher, [Publication("t/1", b"last")])
    wait_until(lambda: len(second.messages) == 3, "one more has come")
    for message in second.messages:
        second.acknowledge(message)
    wait_until(lambda: b"last" in line.tap.acknowledged["t/1"], "all are acknowledged")
    assert line.tap.acknowledged == {"t/1": {b"same": 2, b"last": 1}}
    second.leave()


def test_packets_are_found_however_the_bytes_are_cut() -> None:
    packets = [(0x30, b"x" * 5), (0xD0, b""), (0x32, b"y" * 300)]
    stream = b"\x30\x05" + b"x" * 5 + b"\xd0\x00" + b"\x32\xac\x02" + b"y" * 300
    for size in (1, 2, 3, 7, 1000):
        frames = Frames()
        found = [packet for at in range(0, len(stream), size) for packet in frames.feed(stream[at : at + size])]
        assert found == packets
