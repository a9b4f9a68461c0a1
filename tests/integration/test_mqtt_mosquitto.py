"""The MQTT source against mosquitto: sessions, redelivery, order, copies, sharing, take-over, long packets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiomqtt
import pytest
from structlog.testing import capture_logs

from gateway.interfaces import Unreadable
from gateway.models import Command, Message
from tests.gateway.mqtt.collecting import collecting, publish, until
from tests.servers.brokers import StartMosquitto

ROOT = Path(__file__).parents[2]

TAKE_WITHOUT_ACKNOWLEDGING = """
import asyncio, sys
from tests.gateway.mqtt.collecting import collecting

async def main():
    async with collecting(sys.argv[1], sys.argv[2]) as collector:
        await collector.connected()
        print("connected", flush=True)
        for message in await collector.take(3):
            print(message.payload.decode(), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def numbers(messages: list[Message]) -> list[int]:
    return [int(message.payload) for message in messages]


async def test_messages_arrive_in_order_with_all_that_they_carry(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "in-order/#") as collector:
        await collector.connected()
        await publish(broker.port, *((f"in-order/{number % 3}", b"%d" % number) for number in range(100)))
        messages = await collector.collect(100)
        assert numbers(messages) == list(range(100))
        assert messages[4].topic == "in-order/1"
        assert not any(message.duplicate or message.retained for message in messages)
        stamps = [message.received_ns for message in messages]
        assert stamps == sorted(set(stamps))
        status = collector.status
        assert (status.protocol, status.granted_qos, status.connects) == ("5", {"in-order/#": 1}, 1)
        assert (status.received, status.acknowledged, status.gaps) == (100, 100, 0)
        assert status.received_bytes > 100 * len("in-order/0")
        assert status.last_message_ns == stamps[-1]


async def test_qos_0_and_qos_2_messages_are_taken_too(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "qos") as collector:
        await collector.connected()
        await publish(broker.port, ("qos", b"0"), qos=0)
        await publish(broker.port, ("qos", b"2"), qos=2)
        messages = await collector.collect(2)
        assert [message.packet_id > 0 for message in messages] == [False, True]


async def test_what_was_not_acknowledged_comes_again_after_a_kill_and_is_marked(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    with subprocess.Popen(  # noqa: ASYNC220  # it starts at once, and blocks nobody that matters
        [sys.executable, "-c", TAKE_WITHOUT_ACKNOWLEDGING, broker.url, "kill"], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        lines = iter(child.stdout.readline, b"")
        assert any(line == b"connected\n" for line in lines)
        await publish(broker.port, *(("kill", b"%d" % number) for number in range(3)))
        assert [next(lines) for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]
        os.kill(child.pid, signal.SIGKILL)
    await publish(broker.port, ("kill", b"3"))
    async with collecting(broker.url, "kill", had_session=True) as collector:
        messages = await collector.collect(4)
        assert numbers(messages) == [0, 1, 2, 3]
        assert [message.duplicate for message in messages] == [True, True, True, False]
        assert collector.status.gaps == 0


async def test_what_was_acknowledged_does_not_come_again(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "once") as collector:
        await collector.connected()
        await publish(broker.port, ("once", b"1"), ("once", b"2"))
        await collector.collect(2)
    await publish(broker.port, ("once", b"3"))
    async with collecting(broker.url, "once", had_session=True) as collector:
        assert numbers(await collector.collect(1)) == [3]


async def test_after_a_broken_connection_the_broker_sends_again_and_old_acknowledgements_are_void(
    mosquitto: StartMosquitto,
) -> None:
    broker = mosquitto("autosave_interval 1", "autosave_on_changes true", persistence=True)
    async with collecting(broker.url, "broken") as collector:
        await collector.connected()
        await publish(broker.port, ("broken", b"1"), ("broken", b"2"))
        await collector.take(2)
        broker.restart()
        again = await collector.take(2)  # maybe before the broker has answered SUBSCRIBE
        await until(lambda: collector.status.connects == 2, "connected again")
        assert [(message.payload, message.duplicate) for message in again if isinstance(message, Message)] == [
            (b"1", True),
            (b"2", True),
        ]
        assert collector.status.acknowledged == 0
        collector.acknowledge()
        assert collector.status.acknowledged == 2, "each once, over the connection it came by"
        assert collector.status.gaps == 0


async def test_a_broker_that_was_killed_has_forgotten_the_session_and_that_is_a_gap(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    with capture_logs() as logs:
        async with collecting(broker.url, "gap") as collector:
            await collector.connected()
            assert (collector.remembered, collector.status.gaps) == (1, 0)
            broker.restart(kill=True)
            await until(lambda: collector.status.connects == 2, "connected again")
            assert (collector.remembered, collector.status.gaps) == (1, 1)
            await publish(broker.port, ("gap", b"1"))
            assert numbers(await collector.collect(1)) == [1], "it has subscribed again"
    assert any(log["log_level"] == "error" and "forgotten" in log["event"] for log in logs)


async def test_where_filters_overlap_each_message_is_taken_once(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(
        broker.url, "plant/#", "plant/+/press", winner=lambda topic: 2 if topic.endswith("press") else 1
    ) as collector:
        await collector.connected()
        topics = ["plant/1/press", "plant/1/saw"] * 50
        await publish(broker.port, *((topic, b"%d" % number) for number, topic in enumerate(topics)))
        messages = await collector.collect(100)
        assert numbers(messages) == list(range(100))
        await until(lambda: collector.status.copies == 50, "all copies")
        await until(lambda: collector.status.acknowledged == 150, "the copies are acknowledged as well")


async def test_retained_copies_alone_do_not_use_up_the_window(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    for number in range(10):
        await publish(broker.port, (f"plant/{number}/press", b"%d" % number), retain=True)
    async with collecting(broker.url, "plant/#", "plant/+/press", winner=lambda _: 1, window=3) as collector:
        messages: list[Message] = []
        while len(messages) < 10:
            messages += await collector.collect(1)
        assert sorted(numbers(messages)) == list(range(10))
        assert all(message.retained for message in messages)
        await until(lambda: collector.status.copies == 10, "all copies")


async def test_two_sources_of_a_group_share_the_messages(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with (
        collecting(broker.url, "shared/#", client_id="one", shared_group="gateways") as one,
        collecting(broker.url, "shared/#", client_id="two", shared_group="gateways") as two,
    ):
        await one.connected()
        await two.connected()
        await publish(broker.port, *(("shared/a", b"%d" % number) for number in range(20)))
        await until(lambda: one.status.received + two.status.received == 20, "all messages")
        taken = numbers(await one.collect(1)) + numbers(await two.collect(1))
        assert sorted(taken) == list(range(20))


async def test_a_fight_about_the_client_id_is_noticed(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    with capture_logs() as logs:
        async with collecting(broker.url, "fight", client_id="contested") as collector:
            while not collector.status.takeovers:
                await until(
                    lambda: collector.status.state == "connected" or collector.status.takeovers > 0, "connected"
                )
                async with aiomqtt.Client("127.0.0.1", broker.port, identifier="contested"):
                    await until(lambda: collector.status.state != "connected", "thrown out")
            assert collector.status.state == "waiting"
    (told,) = (log for log in logs if "same client id" in log.get("reason", ""))
    assert told["log_level"] == "error"


async def test_a_packet_of_a_megabyte_is_quarantined_and_acknowledged_and_the_stream_goes_on(
    mosquitto: StartMosquitto,
) -> None:
    broker = mosquitto()
    async with collecting(broker.url, "big/#", max_packet="10KiB") as collector:
        await collector.connected()
        await publish(broker.port, ("big/1", b"before"), ("big/2", b"z" * 1_000_000), ("big/3", b"after"))
        before, big, after = await collector.take(3)
        assert (before.payload, after.payload) == (b"before", b"after")
        assert isinstance(big, Unreadable)
        assert (big.topic, big.payload) == ("big/2", b"z" * 65_536)
        assert big.packet_id > 0
        collector.acknowledge()
        assert collector.status.oversized == 1
    async with collecting(broker.url, "big/#", had_session=True) as collector:
        await publish(broker.port, ("big/4", b"next"))
        assert [message.payload for message in await collector.collect(1)] == [b"next"], "nothing is sent again"


async def test_a_command_reaches_the_machine(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with (
        collecting(broker.url, "from") as collector,
        aiomqtt.Client("127.0.0.1", broker.port) as machine,
    ):
        await collector.connected()
        await machine.subscribe("to", qos=1)
        collector.source.send(Command("to", json.dumps({"rebirth": True}).encode()))
        async with asyncio.timeout(30):
            message = await anext(aiter(machine.messages))
        assert message.payload == b'{"rebirth": true}'
        assert collector.status.commands_sent == 1


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_it_reconnects_when_the_broker_comes_up_late(mosquitto: StartMosquitto, protocol: str) -> None:
    broker = mosquitto()
    broker.stop()
    async with collecting(broker.url, "late", protocol=protocol) as collector:
        await until(lambda: collector.status.state == "waiting", "waiting")
        broker.start()
        await collector.connected()
        assert collector.status.reason == ""
