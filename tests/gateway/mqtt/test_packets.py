"""The reader of packets: what becomes a message, what is set aside, and what ends a connection."""

from __future__ import annotations

from dataclasses import dataclass, field

import mqtt5
import pytest

from gateway.interfaces import Unreadable
from gateway.models import Message
from gateway.mqtt.deliveries import Delivery
from gateway.mqtt.outcomes import ProtocolViolation
from gateway.mqtt.packets import PacketReader, pubacks
from gateway.status import SourceStatus
from tests.gateway.mqtt.scripted_broker import length, publish


@dataclass
class Link:
    """Acknowledges into a list."""

    acknowledged: list[int] = field(default_factory=list)

    def acknowledge(self, packet_ids: list[int]) -> None:
        self.acknowledged += packet_ids


def read(
    *pieces: bytes, max_packet: int = 100_000, status: SourceStatus | None = None, reader: PacketReader | None = None
) -> Delivery:
    """Feed pieces of a stream to a reader, and return what came of them."""
    reader = reader or PacketReader(max_packet, status or SourceStatus())
    delivery = Delivery(Link())
    for piece in pieces:
        for begin in range(0, len(piece), 65_536):
            part = piece[begin : begin + 65_536]
            reader.space()[: len(part)] = part
            reader.read(len(part), delivery, 1_000 + len(delivery.messages))
    return delivery


def test_a_message_carries_all_that_the_packet_says() -> None:
    packet = mqtt5.PublishPacket(
        "plant/press",
        b"\x00\xff",
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=513,
        duplicate=True,
        retain=True,
        content_type="application/json",
        user_properties=[("unit", "degC"), ("unit", "K")],
    )
    message = Message("plant/press", b"\x00\xff", 1000, 513, duplicate=True, retained=True)
    properties = (("unit", "degC"), ("unit", "K"))
    assert read(packet.write()).messages == [
        message._replace(content_type="application/json", user_properties=properties)
    ]


def test_a_message_at_qos_0_has_no_packet_identifier_and_nothing_to_acknowledge() -> None:
    delivery = read(publish(b"a", b"x", head=0x30))
    assert delivery.messages == [Message("a", b"x", 1000)]
    assert delivery.packet_ids == []


def test_stamps_rise_with_each_message_and_leave_room_between() -> None:
    delivery = read(b"".join(publish(b"a", b"x", number) for number in (1, 2, 3)))
    assert [message.received_ns for message in delivery.messages] == [1000, 2000, 3000]
    assert delivery.packet_ids == [1, 2, 3]


def test_the_size_counts_the_bytes_on_the_wire() -> None:
    packet = publish(b"topic", b"payload")
    assert read(packet[:4], packet[4:] + packet + packet[:5]).size == 2 * len(packet)


@pytest.mark.parametrize("size", [10_001, 300_000, 1_000_000])
@pytest.mark.parametrize("piece", [1_000, 65_536])
def test_a_packet_that_is_too_long_is_set_aside_and_the_stream_goes_on(size: int, piece: int) -> None:
    stream = publish(b"a", b"before", 1) + publish(b"big", b"z" * size, 2) + publish(b"a", b"after", 3)
    status = SourceStatus()
    delivery = read(
        *(stream[begin : begin + piece] for begin in range(0, len(stream), piece)), max_packet=10_000, status=status
    )
    before, big, after = delivery.messages
    assert isinstance(big, Unreadable)
    assert (big.topic, big.packet_id, big.payload) == ("big", 2, b"z" * min(size, 65_536))
    assert f"more than max_packet ({10_000})" in big.reason
    assert (before.payload, after.payload) == (b"before", b"after")
    assert delivery.packet_ids == [1, 2, 3]
    assert status.oversized == 1
    assert delivery.size < 300_000, "what is not kept takes no memory"


def test_the_payload_kept_of_a_long_packet_begins_behind_its_properties() -> None:
    properties = b"\x26\x00\x01k" + (60_000).to_bytes(2, "big") + b"v" * 60_000
    (big,) = read(publish(b"big", b"payload" * 20_000, properties=properties), max_packet=10_000).messages
    assert big.payload == (b"payload" * 20_000)[:65_536]


def test_a_long_packet_that_is_no_message_ends_the_connection() -> None:
    with pytest.raises(ProtocolViolation, match="no message"):
        read(b"\x20" + length(300_000) + b"x" * 100)


# What a panic leaves behind; in production that goes to standard error.
panics = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@panics
@pytest.mark.parametrize("topic", [b"press/\xff", b"\xed\xa0\x80", b"\xc3"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_a_topic_that_is_not_utf_8_is_set_aside_with_its_packet_identifier(topic: bytes, pieces: int) -> None:
    stream = publish(topic, b"evidence", 7)
    middle = len(stream) // 2
    parts = [stream] if pieces == 1 else [stream[:middle], stream[middle:]]
    delivery = read(*parts, publish(b"a", b"next", 8))
    unreadable, message = delivery.messages
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.topic, unreadable.payload) == (topic.decode(errors="backslashreplace"), b"evidence")
    assert "UTF-8" in unreadable.reason
    assert isinstance(message, Message)
    assert delivery.packet_ids == [7, 8]


@panics
@pytest.mark.parametrize(
    "properties",
    [
        b"\x03\x00\x01\xff",  # content type
        b"\x08\x00\x01\xff",  # response topic
        b"\x0b\x01\x26\x00\x01\xff\x00\x01v",  # subscription identifier, user property
        b"\x01\x01\x02\x00\x00\x00\x01\x23\x00\x01\x09\x00\x01\xff\x26\x00\x01k\x00\x01\xff",  # all the others before
    ],
)
def test_a_property_that_is_not_utf_8_is_noticed_before_mqtt5_panics_again(
    properties: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    reader = PacketReader(10_000, SourceStatus())
    read(publish(b"\xff", b"the first one makes it panic", 1), reader=reader)
    capfd.readouterr()
    delivery = read(publish(b"a", b"x", 2, properties=properties), publish(b"a", b"x", 3), reader=reader)
    assert isinstance(delivery.messages[0], Unreadable)
    assert isinstance(delivery.messages[1], Message)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("properties", [b"\x01\x01\x01\x01", b"\x77\x01", b"\x0b\x00", b"\x26\x00\x09k"])
def test_a_message_with_properties_that_are_malformed_cannot_stop_the_others(properties: bytes) -> None:
    delivery = read(publish(b"a", b"x", 2, properties=properties), publish(b"a", b"x", 3))
    unreadable, message = delivery.messages
    assert isinstance(unreadable, Unreadable)
    assert "malformed" in unreadable.reason
    assert isinstance(message, Message)
    assert delivery.packet_ids == [2, 3]


@panics
@pytest.mark.parametrize(
    "data",
    [
        b"\x32\xff\xff\xff\xff",  # a length of more than four bytes
        b"\x32\x82\x00\x00\x00",  # a length with a byte too many
        b"\x00\x00",  # no such type
        b"\x20\x02\x00\x01",  # CONNACK of MQTT 3.1.1
        b"\x32\x03\x00\x05a",  # the topic is longer than the packet
        b"\x30\x03\x00\x05a",
        b"\x32\x03\x00\x01a",  # no packet identifier
        b"\x32\x00",
        publish(b"a", b"x", head=0x34),  # QoS 2
        publish(b"a", b"x", head=0x36),  # QoS 3
        b"\xe0\x06\x8e\x04\x1f\x00\x01\xff",  # DISCONNECT with a reason that is not UTF-8
        b"\x34" + length(1_000_000),  # QoS 2, and too long besides
    ],
)
def test_what_is_not_mqtt_ends_the_connection(data: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        read(publish(b"a", b"x") + data)


@pytest.mark.parametrize("properties", [b"", b"\x23\x00\x01"])
def test_a_message_without_a_topic_is_set_aside(properties: bytes) -> None:
    (unreadable,) = read(publish(b"", b"x", 9, properties=properties)).messages
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.topic, unreadable.payload, unreadable.packet_id) == ("", b"x", 9)


def test_packets_that_are_no_message_are_returned_in_order() -> None:
    reader = PacketReader(10_000, SourceStatus())
    data = b"\xd0\x00" + publish(b"a", b"x") + b"\xe0\x01\x8e"
    reader.space()[: len(data)] = data
    others = reader.read(len(data), Delivery(Link()), 1)
    assert [type(packet) for packet in others] == [mqtt5.PingRespPacket, mqtt5.DisconnectPacket]


def test_a_copy_is_acknowledged_in_its_place_and_not_taken() -> None:
    status = SourceStatus()
    reader = PacketReader(10_000, status, lambda topic, identifiers: (topic, identifiers) == ("a", [2]))
    stream = b"".join(publish(b"a", b"x", number, properties=b"\x0b" + bytes([number])) for number in (1, 2, 3))
    delivery = read(stream, reader=reader)
    assert [message.packet_id for message in delivery.messages] == [1, 3]
    assert delivery.packet_ids == [1, 2, 3]
    assert status.copies == 1


def test_acknowledgements_are_what_mqtt5_would_write() -> None:
    assert pubacks([1, 513, 65_535]) == bytes.fromhex("40020001 40020201 4002ffff")
    first, size = mqtt5.read(memoryview(pubacks([513])))
    assert isinstance(first, mqtt5.PubAckPacket)
    assert (first.packet_id, first.reason_code.value, size) == (513, 0, 4)
