"""Pings, silence, and what happens to both while reading pauses."""

from __future__ import annotations

import asyncio

from tests.gateway.mqtt.collecting import collecting, until
from tests.gateway.mqtt.scripted_broker import CONNACK, PINGRESP, ScriptedBroker, connack, publish


async def test_the_keep_alive_of_the_broker_counts(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", keep_alive="1h") as collector:
        peer = await broker.peer()
        await peer.accept(connack(server_keep_alive=1))
        await collector.connected()
        async with asyncio.timeout(30):
            assert [await peer.reader.readexactly(2) for _ in range(3)] == [b"\xc0\x00"] * 3


async def test_a_broker_that_says_nothing_any_more_is_given_up(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", keep_alive="1s") as collector:
        await (await broker.peer()).accept()
        await collector.connected()
        await until(lambda: collector.status.state == "waiting", "given up")
        assert "nothing came from the broker" in collector.status.reason


async def test_a_broker_that_only_talks_and_does_not_hear_is_given_up(broker: ScriptedBroker) -> None:
    """Half-open: what it sends arrives, what is sent to it does not."""
    async with collecting(broker.url, "a", keep_alive="1s") as collector:
        peer = await broker.peer()
        await peer.accept()
        await collector.connected()

        def given_up() -> bool:
            if collector.status.state == "connected":
                peer.write(publish(b"a", b"x", head=0x30))
            return collector.status.state == "waiting"

        await until(given_up, "given up")
        assert "answered no ping" in collector.status.reason


async def test_a_broker_that_answers_pings_is_kept(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", keep_alive="1s") as collector:
        peer = await broker.peer()
        await peer.accept()
        await collector.connected()
        for _ in range(10):  # 5 s
            assert await peer.reader.readexactly(2) == b"\xc0\x00"
            peer.write(PINGRESP)
        assert (collector.status.state, collector.status.connects) == ("connected", 1)


async def test_under_pressure_a_new_connection_pauses_even_before_it_has_subscribed(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", keep_alive="1s", max_unacknowledged="1kB") as collector:
        peer = await broker.peer()
        await peer.accept()
        peer.write(publish(b"a", b"x" * 1_000, 1))
        await collector.take(1)
        peer.writer.transport.abort()  # which a ping will find out
        peer = await broker.peer()
        await peer.packet()
        peer.write(CONNACK)
        subscribe = await peer.packet()
        peer.write(publish(b"a", b"x" * 1_000, 1, head=0x3A))
        await until(lambda: collector.status.received == 2, "the message again")
        peer.write(b"\x90\x04" + subscribe[2:4] + b"\x00\x01")
        for _ in range(4):
            assert await peer.reader.readexactly(2) == b"\xc0\x00"
        assert collector.status.state == "connecting", "the answer is not read"
        await collector.take(1)
        collector.acknowledge()
        await collector.connected()


async def test_while_reading_pauses_pings_go_on_and_silence_is_no_reason_to_give_up(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", keep_alive="1s", max_unacknowledged="1kB") as collector:
        peer = await broker.peer()
        await peer.accept()
        await collector.connected()
        peer.write(publish(b"a", b"x" * 1_000, 1))
        await collector.take(1)
        assert collector.status.state == "paused"
        assert collector.source.exhausted()
        peer.write(publish(b"a", b"behind", 2))
        for _ in range(6):  # 3 s: twice what would be given up after
            assert await peer.reader.readexactly(2) == b"\xc0\x00"
        assert collector.status.state == "paused"
        collector.acknowledge()
        assert collector.status.state == "connected"
        assert [message.payload for message in await collector.collect(1)] == [b"behind"]
