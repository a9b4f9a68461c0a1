"""A source whose connection an adapter owns, against a broker that says what the test tells it to."""

from __future__ import annotations

from collections.abc import Iterable

import mqtt5
import pytest
from structlog.testing import capture_logs

from gateway.models import Command
from tests.gateway.mqtt.collecting import collecting, until
from tests.gateway.mqtt.hosts import FakeHost
from tests.gateway.mqtt.scripted_broker import CONNACK, Peer, ScriptedBroker, connack, publish


def decode(packet: bytes) -> mqtt5.Packet:
    return mqtt5.read(memoryview(packet))[0]


async def accept(peer: Peer, *codes: int) -> list[mqtt5.SubscribePacket]:
    """Answer CONNECT, and each SUBSCRIBE with one of these codes."""
    await peer.packet()
    peer.write(CONNACK)
    asked = []
    for code in codes or (1, 0):
        packet = await peer.packet()
        subscribe = decode(packet)
        assert isinstance(subscribe, mqtt5.SubscribePacket)
        asked.append(subscribe)
        peer.write(b"\x90\x04" + packet[2:4] + b"\x00" + bytes([code]))
    return asked


async def accept_3_1_1(peer: Peer) -> bytes:
    """Do the handshake of MQTT 3.1.1; return CONNECT."""
    connect = await peer.packet()
    peer.write(b"\x20\x02\x00\x00")
    subscribe = await peer.packet()
    peer.write(b"\x90\x04" + subscribe[2:4] + b"\x01\x00")
    return connect


async def test_it_asks_for_a_clean_start_and_leaves_a_will(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, session=FakeHost()):
        connect = decode(await (await broker.peer()).packet())
        assert isinstance(connect, mqtt5.ConnectPacket)
        assert (connect.clean_start, connect.session_expiry_interval) == (True, 0)
        assert connect.will is not None
        assert (connect.will.topic, connect.will.qos.value, connect.will.retain) == ("plant/STATE/gw", 1, True)


async def test_it_asks_for_a_clean_session_in_3_1_1_and_leaves_a_will(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, session=FakeHost(), protocol="3.1.1"):
        connect = await (await broker.peer()).packet()
        assert connect[9] == 0x02 | 0x04 | 0x08 | 0x20, "clean session, a Will, at QoS 1, retained"
        assert b"plant/STATE/gw" in connect


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_that_its_own_filters_overlap_is_nobodys_business(broker: ScriptedBroker, protocol: str) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, session=FakeHost(), protocol=protocol, winner=lambda _: 1) as collector:
            peer = await broker.peer()
            if protocol == "5":
                await peer.accept(connack(subscription_id_available=False), subscriptions=2)
            else:
                await accept_3_1_1(peer)
            await collector.connected()
    assert [log["event"] for log in logs if "overlap" in log["event"]] == []


async def test_it_subscribes_to_what_the_session_wants_at_the_qos_it_wants(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, session=FakeHost()) as collector:
        asked = await accept(await broker.peer())
        wanted = [subscribe.topic_filters[0] for subscribe in asked]
        assert [(one.pattern, one.max_qos.value) for one in wanted] == [("plant/STATE/gw", 1), ("plant/#", 0)]
        assert all(one.retain_handling == mqtt5.RetainHandling.SEND_ALWAYS for one in wanted)
        await collector.connected()


async def test_nothing_is_returned_before_the_session_has_said_its_first_words(broker: ScriptedBroker) -> None:
    host = FakeHost()
    async with collecting(broker.url, session=host) as collector:
        peer = await broker.peer()
        await peer.packet()
        peer.write(CONNACK + publish(b"plant/m1", b"1", 0, 0x30))
        await until(lambda: collector.status.received == 1, "it has come")
        for code in (1, 0):
            packet = await peer.packet()
            peer.write(b"\x90\x04" + packet[2:4] + b"\x00" + bytes([code]))
        assert len(await collector.take(1)) == 1
        assert host.events == ["will", "connected"]


async def test_commands_wait_until_the_session_has_said_its_first_words(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, session=FakeHost()) as collector:
        peer = await broker.peer()
        await peer.packet()
        collector.source.send(Command("plant/cmd/early", b""))
        peer.write(CONNACK)
        for code in (1, 0):
            packet = await peer.packet()
            peer.write(b"\x90\x04" + packet[2:4] + b"\x00" + bytes([code]))
        first = decode(await peer.packet())
        assert isinstance(first, mqtt5.PublishPacket)
        assert first.topic == "plant/STATE/gw"
        assert collector.status.commands_dropped == 1


async def test_a_refused_subscription_is_an_error_with_a_remedy_and_the_session_does_not_begin(
    broker: ScriptedBroker,
) -> None:
    host = FakeHost()
    with capture_logs() as logs:
        async with collecting(broker.url, session=host) as collector:
            await accept(await broker.peer(), 1, 0x87)
            await until(lambda: collector.status.state == "waiting", "it waits")
            assert "refuses to subscribe to plant/#" in collector.status.reason
            assert collector.status.granted_qos == {"plant/STATE/gw": 1, "plant/#": 0x87}
    (told,) = (log for log in logs if log["log_level"] == "error")
    assert "access list" in told["remedy"]
    assert "connected" not in host.events


async def test_the_last_words_wait_for_the_broker_and_go_before_the_goodbye(broker: ScriptedBroker) -> None:
    host = FakeHost()
    async with collecting(broker.url, session=host) as collector:
        peer = await broker.peer()
        await accept(peer)
        await collector.connected()
        await _answer_state(peer, online=True)
        assert isinstance(decode(await peer.packet()), mqtt5.PublishPacket)  # the command that follows
        collector.source.accepting(accepting=True)
        await _answer_state(peer, online=True)
        ending = collector.ending
        ending.cancel()
        await _answer_state(peer, online=False)
        assert isinstance(decode(await peer.packet()), mqtt5.DisconnectPacket)
        peer.writer.close()
        await until(ending.done, "it has ended")
    assert host.events[-2:] == ["disconnecting", "disconnected"]


async def _answer_state(peer: Peer, *, online: bool) -> None:
    packet = decode(await peer.packet())
    assert isinstance(packet, mqtt5.PublishPacket)
    assert (packet.topic, b"true" in (packet.payload or b"")) == ("plant/STATE/gw", online)
    assert packet.packet_id is not None
    peer.write(mqtt5.PubAckPacket(packet.packet_id).write())


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_what_comes_after_the_goodbye_is_still_returned(broker: ScriptedBroker, protocol: str) -> None:
    async with collecting(broker.url, session=FakeHost(), protocol=protocol) as collector:
        peer = await broker.peer()
        await (accept(peer) if protocol == "5" else accept_3_1_1(peer))
        await collector.connected()
        collector.ending.cancel()
        while (await peer.packet())[0] != 0xE0:
            pass
        peer.write(publish(b"plant/m1", b"1", 0, 0x30) if protocol == "5" else b"\x30\x0b\x00\x08plant/m11")
        peer.writer.close()
        (message,) = await collector.take(1)
        assert message.payload == b"1"
        assert await collector.source.receive() == ()


async def test_a_session_that_fails_stops_nobody(broker: ScriptedBroker) -> None:
    class Failing(FakeHost):
        def connected(self, now_ns: int) -> Iterable[Command]:
            raise KeyError(now_ns)

    with capture_logs() as logs:
        async with collecting(broker.url, session=Failing()) as collector:
            await accept(await broker.peer())
            await collector.connected()
    assert "A session failed" in [log["event"] for log in logs]


async def test_a_will_that_is_no_message_is_told_and_tried_again(broker: ScriptedBroker) -> None:
    class Failing(FakeHost):
        def will(self, now_ns: int) -> Command | None:
            del now_ns
            return Command("STATE/#", b"")

    async with collecting(broker.url, session=Failing()) as collector:
        await until(lambda: collector.status.state == "waiting", "it waits")
        assert "no Will that can be sent" in collector.status.reason


async def test_in_3_1_1_a_broker_that_sends_and_answers_no_ping_is_left(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, session=FakeHost(), protocol="3.1.1", keep_alive="1s") as collector:
        peer = await broker.peer()
        await accept_3_1_1(peer)
        await collector.connected()

        def still_there() -> bool:
            peer.write(b"\x30\x0b\x00\x08plant/m11")
            return "answered no ping" not in collector.status.reason

        await until(lambda: not still_there(), "it gives up")
