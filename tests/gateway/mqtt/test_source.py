"""The source against a broker that says what the test tells it to: handshake, session, grants, copies, commands."""

from __future__ import annotations

import mqtt5
import pytest
from structlog.testing import capture_logs

from gateway.models import Command
from gateway.mqtt.packets import pubacks
from tests.gateway.mqtt.collecting import collecting, until
from tests.gateway.mqtt.scripted_broker import CONNACK, ScriptedBroker, connack, publish
from tests.servers import free_port


def decode(packet: bytes) -> mqtt5.Packet:
    return mqtt5.read(memoryview(packet))[0]


async def test_it_asks_for_a_session_that_lasts_and_for_qos_1(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "plant/#", client_id="gw1-plant", session_expiry="7d", keep_alive="45s"):
        peer = await broker.peer()
        connect = decode(await peer.packet())
        assert isinstance(connect, mqtt5.ConnectPacket)
        assert (connect.client_id, connect.clean_start, connect.keep_alive) == ("gw1-plant", False, 45)
        assert connect.session_expiry_interval == 7 * 86_400
        assert (connect.max_packet_size, connect.topic_alias_max) == (None, 0)
        assert connect.receive_max == 65_534, "at the default, 65,535, mosquitto would use a window of 20"
        peer.write(CONNACK)
        subscribe = decode(await peer.packet())
        assert isinstance(subscribe, mqtt5.SubscribePacket)
        (wanted,) = subscribe.topic_filters
        assert (wanted.pattern, wanted.max_qos.value, wanted.retain_as_published) == ("plant/#", 1, False)
        assert (wanted.retain_handling, subscribe.subscription_id) == (mqtt5.RetainHandling.SEND_ALWAYS, None)


async def test_it_asks_for_the_configured_window(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a", window=7):
        connect = decode(await (await broker.peer()).packet())
        assert isinstance(connect, mqtt5.ConnectPacket)
        assert connect.receive_max == 7


async def test_retained_messages_are_asked_for_once_and_not_again_when_it_reconnects(broker: ScriptedBroker) -> None:
    handling = []
    async with collecting(broker.url, "a"):
        for _ in range(2):
            peer = await broker.peer()
            await peer.packet()
            peer.write(CONNACK)
            packet = await peer.packet()
            subscribe = decode(packet)
            assert isinstance(subscribe, mqtt5.SubscribePacket)
            handling.append(subscribe.topic_filters[0].retain_handling)
            peer.write(b"\x90\x04" + packet[2:4] + b"\x00\x01")
            peer.write(b"\xe0\x01\x8b")  # server shutting down
    assert handling == [mqtt5.RetainHandling.SEND_ALWAYS, mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS]


async def test_acknowledgements_of_one_commit_go_out_in_order_and_together(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a") as collector:
        peer = await broker.peer()
        await peer.accept()
        peer.write(b"".join(publish(b"a", b"x", packet_id) for packet_id in (3, 1, 2)))
        await collector.take(3)
        peer.write(publish(b"a", b"x", 9))
        await collector.take(1)
        collector.acknowledge()
        assert await peer.reader.readexactly(16) == pubacks([3, 1, 2, 9])


async def test_a_source_that_is_cancelled_sends_what_it_was_given_and_says_goodbye(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a") as collector:
        peer = await broker.peer()
        await peer.accept()
        peer.write(publish(b"a", b"x", 3) + publish(b"a", b"y", 4))
        await collector.collect(2)
    assert await peer.packet() == pubacks([3])
    assert await peer.packet() == pubacks([4])
    assert await peer.packet() == b"\xe0\x00", "DISCONNECT, which keeps the session"
    assert collector.status.state == "stopped"


async def test_a_broker_that_is_not_there_is_told_once(broker: ScriptedBroker) -> None:
    del broker
    with capture_logs() as logs:
        async with collecting(f"mqtt://127.0.0.1:{free_port()}", "a") as collector:
            await until(lambda: collector.status.state == "waiting", "waiting")
            assert "cannot be reached" in collector.status.reason
            since = collector.status.since_ns
            await until(
                lambda: collector.status.state == "waiting" and collector.status.since_ns != since, "another attempt"
            )
    (told,) = logs
    assert (told["log_level"], told["source"]) == ("warning", "plant")
    assert "cannot be reached" in told["reason"]


async def test_a_refused_password_is_an_error_that_names_the_remedy(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "a") as collector:
            peer = await broker.peer()
            peer.write(connack(reason_code=mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, reason_str="no\x1b[2J"))
            await until(lambda: collector.status.state == "waiting", "waiting")
    (told,) = logs
    assert told["log_level"] == "error"
    assert told["reason"] == (r"the broker refuses the connection, bad user name or password (0x86): no\x1b[2J")
    assert "password_file" in told["remedy"]


async def test_a_refused_subscription_is_an_error_and_shown(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "secret/#") as collector:
            await (await broker.peer()).accept(code=0x87)
            await collector.connected()
    assert collector.status.granted_qos == {"secret/#": 0x87}
    assert collector.remembered == 0, "there is no session to speak of"
    (told,) = (log for log in logs if log["log_level"] == "error")
    assert (told["topic_filter"], told["reason"]) == ("secret/#", "not authorized (0x87)")
    assert "access list" in told["remedy"]


async def test_qos_0_is_a_warning(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "a") as collector:
            await (await broker.peer()).accept(code=0)
            await collector.connected()
    assert [log["topic_filter"] for log in logs if log["log_level"] == "warning"] == ["a"]
    assert collector.status.granted_qos == {"a": 0}


async def test_a_session_that_is_gone_is_a_gap_even_after_a_restart(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "a", had_session=True) as collector:
            await (await broker.peer()).accept(connack(session_present=False))
            await collector.connected()
    assert collector.status.gaps == 1
    assert collector.remembered == 0, "it is remembered already"
    (told,) = (log for log in logs if log["log_level"] == "error")
    assert "forgotten the session" in told["event"]


async def test_the_first_session_is_no_gap_and_is_remembered_once(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a") as collector:
        for session_present in (False, True):
            peer = await broker.peer()
            await peer.accept(connack(session_present=session_present))
            await collector.connected()
            peer.write(b"\xe0\x01\x8b")
            await until(lambda: collector.status.state != "connected", "disconnected")
    assert (collector.status.gaps, collector.remembered, collector.status.connects) == (0, 1, 2)


async def test_a_shorter_session_is_told(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "a") as collector:
            await (await broker.peer()).accept(connack(session_expiry_interval=60))
            await collector.connected()
    assert [log["seconds"] for log in logs if log["log_level"] == "warning"] == [60]


async def test_a_take_over_is_counted_told_and_waited_out(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "a") as collector:
            peer = await broker.peer()
            await peer.accept()
            await collector.connected()
            peer.write(b"\xe0\x01\x8e")
            await until(lambda: collector.status.state == "waiting", "waiting")
            assert collector.status.takeovers == 1
    (told,) = (log for log in logs if log["log_level"] == "error")
    assert "same client id" in told["reason"]
    assert "id of its own" in told["remedy"]


async def test_the_identifier_of_the_winner_decides_between_copies(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "plant/#", "plant/+/press", winner=lambda _: 2) as collector:
        peer = await broker.peer()
        await peer.packet()
        peer.write(CONNACK)
        identifiers = []
        for _ in range(2):
            packet = await peer.packet()
            subscribe = decode(packet)
            assert isinstance(subscribe, mqtt5.SubscribePacket)
            assert subscribe.subscription_id is not None
            identifiers.append(subscribe.subscription_id)
            peer.write(b"\x90\x04" + subscribe.packet_id.to_bytes(2, "big") + b"\x00\x01")
        await collector.connected()
        for packet_id, identifier in enumerate(identifiers, 1):
            peer.write(
                mqtt5.PublishPacket(
                    "plant/1/press",
                    b"",
                    qos=mqtt5.QoS.AT_LEAST_ONCE,
                    packet_id=packet_id,
                    subscription_ids=[identifier],
                ).write()
            )
        (message,) = await collector.collect(1)
        assert message.packet_id == 2
        assert [await peer.packet(), await peer.packet()] == [pubacks([1]), pubacks([2])]
        assert collector.status.copies == 1


async def test_overlap_without_identifiers_is_told(broker: ScriptedBroker) -> None:
    with capture_logs() as logs:
        async with collecting(broker.url, "a/#", "a/+", winner=lambda _: 2) as collector:
            await (await broker.peer()).accept(connack(subscription_id_available=False), subscriptions=2)
            await collector.connected()
    assert [log["remedy"] for log in logs if log["log_level"] == "warning"] == ["write routes that do not overlap"]


async def test_commands_are_sent_within_the_limits_of_the_broker(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "a") as collector:
        collector.source.send(Command("cmd", b"too early"))
        peer = await broker.peer()
        await peer.accept(connack(receive_max=1, max_qos=mqtt5.QoS.AT_LEAST_ONCE, max_packet_size=50))
        await collector.connected()
        collector.source.send(Command("cmd", b"first", qos=2))
        collector.source.send(Command("cmd", b"one more than the broker takes"))
        collector.source.send(Command("cmd", b"x" * 100, qos=0))
        collector.source.send(Command("cmd/#", b"no topic"))
        collector.source.send(Command("cmd", b"second", qos=0))
        sent = [decode(await peer.packet()) for _ in range(2)]
        assert [(packet.payload, packet.qos.value) for packet in sent if isinstance(packet, mqtt5.PublishPacket)] == [
            (b"first", 1),
            (b"second", 0),
        ]
        assert isinstance(sent[0], mqtt5.PublishPacket)
        assert sent[0].packet_id is not None
        peer.write(mqtt5.PubAckPacket(sent[0].packet_id).write() + publish(b"a", b"a sign that it was read"))
        await collector.collect(1)
        collector.source.send(Command("cmd", b"third"))
        assert (collector.status.commands_sent, collector.status.commands_dropped) == (3, 4)


async def test_a_shared_group_stands_before_the_filter(broker: ScriptedBroker) -> None:
    async with collecting(broker.url, "plant/#", shared_group="gateways") as collector:
        await (await broker.peer()).accept()
        await collector.connected()
        assert collector.status.granted_qos == {"$share/gateways/plant/#": 1}


async def test_a_topic_filter_that_is_none_is_found_before_anything_is_connected() -> None:
    with pytest.raises(ValueError, match="filter"):
        async with collecting("mqtt://127.0.0.1", "a/#/b"):
            pass
