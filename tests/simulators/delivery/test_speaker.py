"""A connection against brokers that are slow, hang, or send what they must not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import mqtt5
import pytest

from simulators.broker import Broker
from simulators.delivery.conductor import Conductor, Pace
from simulators.delivery.connection import Connection
from simulators.delivery.speaker import Speaker
from simulators.delivery.voices import voices
from simulators.messages import Away
from simulators.plant.course import Course
from tests.gateway.mqtt.scripted_broker import CONNACK, Peer, ScriptedBroker, publish, scripted_broker
from tests.simulators.faults.scenes import START_NS, plant

panics = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What a panic leaves behind; in production that goes to standard error."""


@pytest.fixture
async def broker() -> AsyncIterator[ScriptedBroker]:
    """Listen until the test ends."""
    async with scripted_broker() as listening:
        yield listening


def opening(broker: ScriptedBroker) -> asyncio.Task[Connection]:
    """Begin to connect."""
    target = Broker("127.0.0.1", broker.port)
    return asyncio.create_task(Connection.open(target, None, ["commands"], asyncio.Event()))


async def opened(broker: ScriptedBroker) -> tuple[Connection, Peer]:
    """Return a connection, and the broker's side of it."""
    task = opening(broker)
    peer = await broker.peer()
    await peer.accept()
    return await task, peer


async def closed(peer: Peer) -> None:
    """Wait until the other side has ended the connection, however."""
    async with asyncio.timeout(30):
        with suppress(ConnectionError):  # cut
            await peer.closed()


async def test_a_packet_in_a_thousand_pieces_is_heard_as_one(broker: ScriptedBroker) -> None:
    connection, peer = await opened(broker)
    heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    connection.listen(lambda topic, payload: heard.put_nowait((topic, payload)))
    packets = publish(b"commands", b"x" * 500, 1) + publish(b"commands", b"y" * 500, 2)
    for byte in packets:
        connection.data_received(bytes([byte]))
    peer.write(publish(b"commands", b"z", 3))
    payloads = [(await asyncio.wait_for(heard.get(), 30))[1][:1] for _ in range(3)]
    assert payloads == [b"x", b"y", b"z"]
    connection.abort()


async def test_connect_tells_how_large_a_packet_may_be(broker: ScriptedBroker) -> None:
    task = opening(broker)
    peer = await broker.peer()
    connect, _ = mqtt5.read(memoryview(await peer.packet()))
    assert isinstance(connect, mqtt5.ConnectPacket)
    assert connect.max_packet_size == 1_048_576
    task.cancel()


async def test_a_packet_that_nobody_allowed_ends_the_connection(broker: ScriptedBroker) -> None:
    connection, peer = await opened(broker)
    peer.write(publish(b"commands", bytes(3_000_000)))
    assert "more than 1,048,576 bytes" in await asyncio.wait_for(connection.ended(), 30)


@panics
async def test_text_that_is_not_utf_8_ends_the_connection(broker: ScriptedBroker) -> None:
    connection, peer = await opened(broker)
    peer.write(publish(b"press/\xff", b"evidence"))
    assert "text that is not UTF-8" in await asyncio.wait_for(connection.ended(), 30)


async def test_a_login_that_is_cancelled_leaves_no_connection_behind(broker: ScriptedBroker) -> None:
    task = opening(broker)
    peer = await broker.peer()
    await peer.packet()
    task.cancel()
    await closed(peer)
    assert task.cancelled()


@pytest.mark.parametrize("how", ["cut", "goodbye"])
async def test_a_fault_that_begins_during_the_login_ends_the_connection_without_a_birth(
    broker: ScriptedBroker, how: str
) -> None:
    stations = Course(plant(None, "sparkplug"), 1).stations
    ((name, voice),) = voices(stations, 1)
    speaker = Speaker(
        voice,
        Broker("127.0.0.1", broker.port),
        name,
        clock=lambda: START_NS,
        tell=lambda *_: None,
        gate=asyncio.Semaphore(1),
        progress=asyncio.Event(),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(speaker.live(), name="speaker")
        peer = await broker.peer()
        assert (await peer.packet())[0] == 0x10
        speaker.do([Away(how, START_NS + 1)])  # type: ignore[arg-type]
        peer.write(CONNACK)
        subscribe = await peer.packet()
        peer.write(b"\x90\x05" + subscribe[2:4] + b"\x00\x01\x01")
        if how == "goodbye":
            assert (await peer.packet())[0] == 0xE0
            peer.writer.close()
        await closed(peer)
        assert speaker.published == 0
        assert speaker.tick(START_NS + 1)
        peer = await broker.peer()
        await peer.packet()
        peer.write(CONNACK)
        subscribe = await peer.packet()
        peer.write(b"\x90\x05" + subscribe[2:4] + b"\x00\x01\x01")
        assert (await peer.packet())[0] & 0xF0 == 0x30
        assert speaker.published > 0
        speaker.leave()
        peer.writer.close()


async def test_a_run_that_is_stopped_does_not_wait_long_for_a_broker_that_hangs(broker: ScriptedBroker) -> None:
    conductor = Conductor(
        Course(plant(None, "json"), 1), Broker("127.0.0.1", broker.port), 1, Pace(), tell=lambda _: None
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(conductor.run(), name="run")
        peer = await broker.peer()
        await peer.packet()
        peer.write(CONNACK)
        assert (await peer.packet())[0] & 0xF0 == 0x30  # and never acknowledge it
        began = time.monotonic()
        conductor.stop()
    assert time.monotonic() - began < 15  # it would wait for 30 s, and then for the connections
    assert conductor.was_stopped
    assert conductor.unacknowledged > 0
