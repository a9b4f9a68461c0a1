"""The source against a broker that knows only MQTT 3.1.1, or says what no broker should."""

from __future__ import annotations

import pytest

from gateway.interfaces import Unreadable
from gateway.models import Command, Message
from gateway.mqtt.packets import pubacks
from tests.gateway.mqtt.collecting import collecting, until
from tests.gateway.mqtt.scripted_broker import Peer, ScriptedBroker


async def play_3_1_1(peer: Peer, session_present: int = 0) -> None:
    """Do the handshake of MQTT 3.1.1."""
    connect = await peer.packet()
    assert connect[4:9] == b"MQTT\x04"
    peer.write(bytes([0x20, 2, session_present, 0]))
    subscribe = await peer.packet()
    peer.write(b"\x90\x03" + subscribe[2:4] + b"\x01")


@pytest.mark.parametrize(
    "answer",
    [
        b"\x20\x02\x00\x01",  # what a broker says that knows only 3.1.1
        b"\x20\x03\x00\x84\x00",  # what MQTT 5 would say
        None,  # it closes the connection
    ],
)
async def test_a_broker_that_knows_no_mqtt_5_is_spoken_to_in_3_1_1(
    broker: ScriptedBroker, answer: bytes | None
) -> None:
    async with collecting(broker.url, "a", protocol="auto") as collector:
        peer = await broker.peer()
        await peer.packet()
        if answer is None:
            peer.writer.close()
        else:
            peer.write(answer)
        peer = await broker.peer()
        await play_3_1_1(peer)
        await collector.connected()
        assert collector.status.protocol == "3.1.1"
        peer.write(b"\x3a\x05\x00\x01a\x00\x07" + b"\x32\x06\x00\x02\xc3\xff\x00\x08")
        message, unreadable = await collector.take(2)
        assert isinstance(message, Message)
        assert (message.topic, message.payload, message.packet_id, message.duplicate) == ("a", b"", 7, True)
        assert isinstance(unreadable, Unreadable)
        assert (unreadable.topic, unreadable.packet_id) == (r"\xc3\xff", 8)
        collector.acknowledge()
        assert [await peer.packet(), await peer.packet()] == [pubacks([7]), pubacks([8])]


async def test_a_broker_that_does_not_answer_mqtt_5_at_all_is_spoken_to_in_3_1_1(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", protocol="auto") as collector:
        silent = await broker.peer()
        await silent.packet()
        await play_3_1_1(await broker.peer())
        await collector.connected()
        assert collector.status.protocol == "3.1.1"


async def test_a_broker_that_spoke_mqtt_5_is_not_taken_for_an_old_one_at_once(broker: ScriptedBroker) -> None:
    """After a crash it may accept connections for a while and answer none."""
    async with collecting(broker.url, "a") as collector:
        peer = await broker.peer()
        await peer.accept()
        await collector.connected()
        peer.writer.transport.abort()
        levels = []
        for _ in range(4):
            peer = await broker.peer()
            levels.append((await peer.packet())[8])
            peer.writer.transport.abort()
        assert levels == [5, 5, 5, 4]


async def test_with_protocol_5_there_is_no_other(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", protocol="5") as collector:
        peer = await broker.peer()
        await peer.packet()
        peer.write(b"\x20\x02\x00\x01")
        await until(lambda: collector.status.state == "waiting", "waiting")
        assert "did not answer CONNECT" in collector.status.reason


@pytest.mark.parametrize(
    "data",
    [
        b"\x32\xff\xff\xff\xff\xff",
        b"\x32\x01\x00",
        b"\x34\x06\x00\x01a\x00\x01x" + b"\x62\x02\x00\x01",  # QoS 2, which paho tells when it is complete
        b"\x20\x02\x00\x07",
        b"\x90\x04\x00\x01\x01\x01",
        b"\xf0\x00",
    ],
)
async def test_hostile_bytes_in_3_1_1_end_the_connection_and_the_next_one_works(
    broker: ScriptedBroker, data: bytes
) -> None:
    async with collecting(broker.url, "a", protocol="3.1.1") as collector:
        peer = await broker.peer()
        await play_3_1_1(peer)
        await collector.connected()
        peer.write(data)
        peer = await broker.peer()
        await play_3_1_1(peer)
        await collector.connected()


async def test_while_reading_pauses_in_3_1_1_pings_go_on(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", protocol="3.1.1", keep_alive="1s", max_unacknowledged="1kB") as collector:
        peer = await broker.peer()
        await play_3_1_1(peer)
        await collector.connected()
        peer.write(b"\x32\xec\x07\x00\x01a\x00\x01" + b"x" * 999)
        await collector.take(1)
        assert collector.status.state == "paused"
        peer.write(b"\x32\x05\x00\x01a\x00\x02")
        for _ in range(6):
            assert await peer.reader.readexactly(2) == b"\xc0\x00"
        collector.acknowledge()
        assert [message.packet_id for message in await collector.collect(1)] == [2]


async def test_a_command_goes_out_in_3_1_1(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", protocol="3.1.1") as collector:
        peer = await broker.peer()
        await play_3_1_1(peer)
        await collector.connected()
        collector.source.send(Command("cmd/#", b"no topic"))
        collector.source.send(Command("cmd", b"go", qos=0))
        assert await peer.packet() == b"\x30\x07\x00\x03cmdgo"
        assert (collector.status.commands_sent, collector.status.commands_dropped) == (1, 1)
