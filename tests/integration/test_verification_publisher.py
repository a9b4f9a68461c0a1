"""The publisher of the verification against a real broker: what it notes as owed, and what as uncertain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.mqtt.endpoint import find
from gateway.settings.sources import MqttSource
from gateway.verification import Kind, Ledger, Messages, Publisher, Stream
from tests.servers.brokers import Broker, StartMosquitto

STREAMS = [Stream(kind, "m0") for kind in Kind]
LOAD = ("max_queued_messages 0", "max_inflight_messages 0")


@asynccontextmanager
async def publishing(broker: Broker, ledger: Ledger, rate: float = 5000) -> AsyncIterator[Publisher]:
    """Publish to a broker until the block ends."""
    endpoint = await find(MqttSource(name="any", url=broker.url))
    messages = Messages("run-1", time.time_ns() // 1_000_000)
    publisher = Publisher(endpoint, "publisher", messages, ledger, rate=rate, window=500)
    await publisher.connect()
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(publisher.run(), name="publisher")
            yield publisher
            task.cancel()
    finally:
        await publisher.close()


async def test_everything_that_a_healthy_broker_takes_is_owed(mosquitto: StartMosquitto) -> None:
    ledger = Ledger()
    async with publishing(mosquitto(*LOAD), ledger) as publisher, asyncio.timeout(60):
        publisher.offer(3000, STREAMS)
        await publisher.reached(3000)
        assert await publisher.answered(30)
    assert (ledger.sent, ledger.acknowledged) == (3000, 3000)
    assert [ledger.attempted(stream) for stream in STREAMS] == [1000] * 3


async def test_a_broker_with_a_small_window_is_served_too(mosquitto: StartMosquitto) -> None:
    ledger = Ledger()
    async with publishing(mosquitto(), ledger) as publisher, asyncio.timeout(60):  # it takes 20 at a time
        publisher.offer(300, STREAMS)
        await publisher.reached(300)
        assert await publisher.answered(30)
    assert ledger.acknowledged == 300


async def test_what_was_on_its_way_to_a_broker_that_died_is_uncertain_and_the_rest_goes_on(
    mosquitto: StartMosquitto,
) -> None:
    ledger, broker = Ledger(), mosquitto(*LOAD)
    async with publishing(broker, ledger) as publisher, asyncio.timeout(60):
        publisher.offer(2000, STREAMS)
        await publisher.reached(1000)
        broker.stop(kill=True)
        assert await publisher.answered(30), "nothing is on its way to a broker that is dead"
        owed_before = ledger.acknowledged
        broker.start()
        await publisher.reached(2000)
        assert await publisher.answered(30)
        assert publisher.connections == 2
    assert ledger.sent == 2000, "no number twice"
    assert owed_before < ledger.acknowledged <= 2000


async def test_messages_that_the_broker_refuses_are_not_owed(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    access = tmp_path / "acl"
    access.write_text("topic read #\n")
    access.chmod(0o644)
    ledger = Ledger()
    async with publishing(mosquitto(f"acl_file {access}"), ledger) as publisher, asyncio.timeout(60):
        publisher.offer(10, STREAMS)
        await publisher.reached(10)
        assert await publisher.answered(30)
        assert publisher.refused == {"NOT_AUTHORIZED": 10}
    assert (ledger.sent, ledger.acknowledged) == (10, 0)


async def test_a_broker_that_does_not_take_us_is_told(mosquitto: StartMosquitto) -> None:
    broker = mosquitto("allow_anonymous false")
    with pytest.raises(GatewayError, match="NOT_AUTHORIZED"):
        async with publishing(broker, Ledger()):
            pass
    broker.stop()
    with pytest.raises(GatewayError, match="cannot be reached"):
        async with publishing(broker, Ledger()):
            pass
