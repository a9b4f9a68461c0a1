"""The source against a broker that sends what it must not."""

from __future__ import annotations

import pytest

from gateway.interfaces import Unreadable
from gateway.models import Message
from gateway.mqtt.packets import pubacks
from tests.gateway.mqtt.collecting import collecting
from tests.gateway.mqtt.scripted_broker import ScriptedBroker, connack, publish

panics = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What a panic leaves behind; in production that goes to standard error."""


HOSTILE = [
    b"\x32\xff\xff\xff\xff",
    b"\x00\x00",
    b"\x32\x00",
    publish(b"a", b"x", head=0x34),
    b"\x20\x03\x00\x00\x00",  # a second CONNACK
    b"\x90\x04\x00\x09\x00\x01",  # a SUBACK for nothing
    b"\x90\x03\x00\x01\x00",  # a SUBACK that says nothing
    b"\x50\x02\x00\x01",  # PUBREC
    b"\x62\x02\x00\x01",  # PUBREL
    b"\xf0\x02\x18\x00",  # AUTH
    b"\xe0\x06\x8e\x04\x1f\x00\x01\xff",  # DISCONNECT with a reason that is not UTF-8
    b"\x10\x05hello",
    b"HTTP/1.1 400 Bad Request\r\n" + b"x" * 100,
]


@panics
@pytest.mark.parametrize("data", HOSTILE)
async def test_hostile_bytes_end_the_connection_and_the_next_one_works(broker: ScriptedBroker, data: bytes) -> None:
    async with collecting(broker.url, "a", had_session=False) as collector:
        peer = await broker.peer()
        await peer.accept()
        await collector.connected()
        peer.write(publish(b"a", b"before", 1) + data)
        assert [message.payload for message in await collector.collect(1)] == [b"before"]
        peer = await broker.peer()
        await peer.accept(connack(session_present=True))
        peer.write(publish(b"a", b"after", 1))
        assert [message.payload for message in await collector.collect(1)] == [b"after"]


@panics
@pytest.mark.parametrize(
    "data", [b"\x20\x02\x00\x00", b"\xf0\x00", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x32\xff\xff\xff\xff"]
)
async def test_hostile_bytes_instead_of_connack_are_survived(broker: ScriptedBroker, data: bytes) -> None:
    async with collecting(broker.url, "a", protocol="5") as collector:
        peer = await broker.peer()
        peer.write(data)
        peer = await broker.peer()
        await peer.accept()
        await collector.connected()


@panics
async def test_a_topic_that_is_not_utf_8_is_quarantined_acknowledged_and_passed(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a") as collector:
        peer = await broker.peer()
        await peer.accept()
        peer.write(publish(b"press/\xff", b"evidence", 5) + publish(b"a", b"next", 6))
        unreadable, message = await collector.take(2)
        collector.acknowledge()
        assert isinstance(unreadable, Unreadable)
        assert (unreadable.topic, unreadable.payload, unreadable.packet_id) == (r"press/\xff", b"evidence", 5)
        assert isinstance(message, Message)
        assert [await peer.packet(), await peer.packet()] == [pubacks([5]), pubacks([6])]
