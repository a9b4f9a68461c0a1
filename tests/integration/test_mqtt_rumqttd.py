"""The MQTT source against rumqttd, whose older listener knows only MQTT 3.1.1, and mosquitto spoken to in 3.1.1."""

from __future__ import annotations

from collections.abc import Callable

from gateway.interfaces import Unreadable
from gateway.models import Message
from tests.gateway.mqtt.collecting import collecting, publish, until
from tests.servers.brokers import Rumqttd, StartMosquitto


async def test_messages_arrive_and_are_acknowledged(rumqttd: Callable[[], Rumqttd]) -> None:
    broker = rumqttd()
    async with collecting(broker.url, "plant/#") as collector:
        await collector.connected()
        await publish(broker.port, *(("plant/a", b"%d" % number) for number in range(500)))
        messages = await collector.collect(100)
        while len(messages) < 500:
            messages += await collector.collect(1)
        assert [int(message.payload) for message in messages] == list(range(500))
        assert collector.status.protocol == "5"


async def test_a_listener_that_knows_only_3_1_1_is_found_out(rumqttd: Callable[[], Rumqttd]) -> None:
    broker = rumqttd()
    async with collecting(broker.v4_url, "plant/#") as collector:
        await collector.connected()
        assert collector.status.protocol == "3.1.1"
        assert collector.status.granted_qos == {"plant/#": 1}
        await publish(broker.port, *(("plant/a", b"%d" % number) for number in range(50)))
        assert [int(message.payload) for message in await collector.collect(50)] == list(range(50))


async def test_a_session_is_kept_over_a_new_connection(rumqttd: Callable[[], Rumqttd]) -> None:
    broker = rumqttd()
    async with collecting(broker.url, "plant/#") as collector:
        await collector.connected()
        await publish(broker.port, ("plant/a", b"1"))
        await collector.take(1)
    async with collecting(broker.url, "plant/#", had_session=True) as collector:
        assert [message.payload for message in await collector.collect(1)] == [b"1"]
        assert collector.status.gaps == 0


async def test_in_3_1_1_what_was_not_acknowledged_comes_again(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "old", protocol="3.1.1") as collector:
        await collector.connected()
        await publish(broker.port, ("old", b"1"), ("old", b"2"))
        await collector.collect(2)
        await publish(broker.port, ("old", b"3"), ("old", b"4"))
        await collector.take(2)
    await publish(broker.port, ("old", b"5"))
    async with collecting(broker.url, "old", protocol="3.1.1", had_session=True) as collector:
        messages = await collector.collect(3)
        assert [(message.payload, message.duplicate) for message in messages] == [
            (b"3", True),
            (b"4", True),
            (b"5", False),
        ]
        assert collector.status.gaps == 0


async def test_in_3_1_1_a_forgotten_session_is_a_gap(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "old", protocol="3.1.1") as collector:
        await collector.connected()
        broker.restart(kill=True)
        await until(lambda: collector.status.connects == 2, "connected again")
        assert (collector.status.gaps, collector.remembered) == (1, 1)


async def test_in_3_1_1_a_packet_that_is_too_long_is_quarantined(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "big", protocol="3.1.1", max_packet="10KiB") as collector:
        await collector.connected()
        await publish(broker.port, ("big", b"z" * 1_000_000), ("big", b"after"))
        big, after = await collector.take(2)
        collector.acknowledge()
        assert isinstance(big, Unreadable)
        assert (big.topic, big.payload) == ("big", b"z" * 65_536)
        assert isinstance(after, Message)
        assert collector.status.oversized == 1
        await until(lambda: "Received PUBACK from gateway-plant" in broker.log.read_text(), "acknowledged")


async def test_the_session_of_one_protocol_is_that_of_the_other(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    for protocol, other in (("5", "3.1.1"), ("3.1.1", "5")):
        client_id = f"from-{protocol}"
        async with collecting(broker.url, "both", protocol=protocol, client_id=client_id) as collector:
            await collector.connected()
        await publish(broker.port, ("both", b"meanwhile"))
        async with collecting(broker.url, "both", protocol=other, client_id=client_id, had_session=True) as collector:
            assert [message.payload for message in await collector.collect(1)] == [b"meanwhile"]
            assert collector.status.gaps == 0
