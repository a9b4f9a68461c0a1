"""What happens between broker and source while the caller takes nothing, or takes in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.models import Message
from tests.gateway.mqtt.collecting import PATIENCE, Collector, collecting, publish, until
from tests.servers.brokers import Rumqttd, StartMosquitto

LINGER = 0.1


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_while_the_caller_takes_nothing_reading_pauses_and_the_connection_lives(
    mosquitto: StartMosquitto, protocol: str
) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    options: dict[str, Any] = {"protocol": protocol, "keep_alive": "1s", "max_unacknowledged": "50kB"}
    async with collecting(broker.url, "full", client_id="full", **options) as collector:
        await collector.connected()
        await publish(broker.port, *(("full", b"%0999d" % number) for number in range(1_000)))
        await until(lambda: collector.status.state == "paused", "paused")
        pings = broker.log.read_text().count("Received PINGREQ from full")
        # At 1.5 times the keep-alive the broker would close the connection.
        await until(
            lambda: broker.log.read_text().count("Received PINGREQ from full") >= pings + 6, "pings while paused"
        )
        held = collector.status.received
        assert held < 1_000, "the rest waits at the broker or in the socket"
        messages = await collector.take(held)
        assert collector.status.state == "paused"
        assert collector.source.exhausted(), "nothing more can come"
        collector.acknowledge()
        while len(messages) < 1_000:
            messages += await collector.collect(1)
        assert [int(message.payload) for message in messages] == list(range(1_000))
        assert (collector.status.connects, collector.status.state) == (1, "connected")


async def commit_in_groups(collector: Collector, number: int) -> tuple[list[int], int]:
    """Take messages as the gateway does: a group closes after the linger, or when nothing more can come.

    Returns:
        What the messages say, and how many groups closed after the linger.
    """
    loop, taken, lingered = asyncio.get_running_loop(), list[int](), 0
    async with asyncio.timeout(PATIENCE):
        while len(taken) < number:
            group = await collector.take(1)
            deadline = loop.time() + LINGER
            while not collector.source.exhausted():
                try:
                    async with asyncio.timeout_at(deadline):
                        group += await collector.take(1)
                except TimeoutError:
                    lingered += 1
                    break
            collector.acknowledge()
            taken += [int(message.payload) for message in group if isinstance(message, Message)]
    return taken, lingered


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_window_of_100_is_learned_and_then_costs_no_linger(
    rumqttd: Callable[[], Rumqttd], protocol: str
) -> None:
    broker = rumqttd()
    url = broker.url if protocol == "5" else broker.v4_url
    async with collecting(url, "window", protocol=protocol) as collector:
        await collector.connected()
        await publish(broker.port, *(("window", b"%d" % number) for number in range(3_000)))
        taken, lingered = await commit_in_groups(collector, 3_000)
        assert taken == list(range(3_000))
        assert lingered <= 15, "of 30 windows at least half did not wait for company that could not come"


async def test_a_configured_window_is_what_the_broker_sends(mosquitto: StartMosquitto) -> None:
    broker = mosquitto("max_queued_messages 0")
    async with collecting(broker.url, "window", window=10) as collector:
        await collector.connected()
        for number in range(30):
            await publish(broker.port, ("window", b"%d" % number))
        assert len(await collector.take(10)) == 10
        assert collector.source.exhausted()
        collector.acknowledge()
        taken, lingered = await commit_in_groups(collector, 20)
        assert taken == list(range(10, 30))
        assert lingered <= 1, "at most the last group waited"
