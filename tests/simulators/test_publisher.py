"""The publisher, against real brokers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
import pytest

from simulators.broker import Broker
from simulators.faces.face import Place
from simulators.faces.json_object import JsonObject
from simulators.machines.cnc_mill import CncMill
from simulators.publisher import BrokerRefusedError, Protocol, Publisher
from simulators.scenarios import SCENARIOS, Station
from tests.servers import free_port
from tests.servers.brokers import Rumqttd, StartMosquitto
from tests.simulators.listening import listening


def publisher(scenario: str, port: int, told: list[str] | None = None, protocol: Protocol = "5") -> Publisher:
    """Return a publisher of a scenario that is five times as fast as the machines."""
    tell = (told if told is not None else []).append
    stations = SCENARIOS[scenario].stations(1)
    return Publisher(stations, Broker("127.0.0.1", port), rate=5, protocol=protocol, tell=tell)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_everything_that_is_published_arrives(mosquitto: StartMosquitto, protocol: Protocol) -> None:
    broker = mosquitto()
    publishing = publisher("demo", broker.port, protocol=protocol)
    async with listening(broker.port) as listener:
        await publishing.run(count=500)
        await listener.until(lambda: len(listener.messages) >= 500)
    assert len(listener.messages) == publishing.counts.published == publishing.counts.acknowledged == 500


async def test_an_embedded_broker_will_do(rumqttd: Callable[[], Rumqttd]) -> None:
    broker = rumqttd()
    publishing = publisher("demo", broker.port)
    await publishing.run(count=500)
    assert publishing.counts.acknowledged == 500


async def test_a_sample_says_what_the_machine_measured_at_its_time(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with listening(broker.port) as listener:
        await publisher("single", broker.port).run(count=20)
        await listener.until(lambda: len(listener.messages) >= 20)
    mill = CncMill("mill-1", 1)
    times = []
    for topic, payload in listener.messages:
        sample = orjson.loads(payload)
        times.append(sample.pop("ts"))
        assert topic == "plant1/machining/line1/mill-1/telemetry"
        assert sample == mill.telemetry(times[-1] * 1_000_000)
    assert times == [times[0] + 20 * n for n in range(20)]


async def test_it_stops_when_asked_and_waits_for_the_last_acknowledgement(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    publishing = publisher("demo", broker.port)
    async with listening(broker.port) as listener, asyncio.TaskGroup() as group:
        running = group.create_task(publishing.run())
        await listener.until(lambda: len(listener.messages) >= 50)
        publishing.stop()
        await running
        await listener.until(lambda: len(listener.messages) >= publishing.counts.published)
    assert publishing.counts.acknowledged == publishing.counts.published == len(listener.messages)


async def test_it_stops_after_a_duration(mosquitto: StartMosquitto) -> None:
    publishing = publisher("demo", mosquitto().port)
    await publishing.run(duration=0.5)
    assert publishing.counts.acknowledged == publishing.counts.published > 0


async def test_it_comes_back_after_the_broker_did(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    told: list[str] = []
    publishing = publisher("single", broker.port, told)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(publishing.run())
        async with listening(broker.port) as listener:
            await listener.until(lambda: len(listener.messages) >= 5)
        await asyncio.to_thread(broker.stop, kill=True)
        await asyncio.to_thread(broker.start)
        async with listening(broker.port) as listener:
            await listener.until(lambda: len(listener.messages) >= 5)
        publishing.stop()
        await running
    assert publishing.counts.connections == 2
    assert "No connection to the broker" in told[0]


async def test_without_a_broker_it_says_so_and_tries_again_until_its_time_is_over() -> None:
    told: list[str] = []
    publishing = publisher("single", free_port(), told)
    await publishing.run(duration=1.5)
    assert publishing.counts.connections == publishing.counts.published == 0
    assert "Connection refused" in told[0]
    assert "Trying again" in told[0]


async def test_a_wait_for_the_next_attempt_ends_when_it_is_stopped() -> None:
    publishing: Publisher

    def tell(_: str) -> None:
        publishing.stop()

    stations = SCENARIOS["single"].stations(1)
    publishing = Publisher(stations, Broker("127.0.0.1", free_port()), tell=tell)
    await publishing.run()
    assert publishing.counts.connections == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_refused_login_is_final(mosquitto: StartMosquitto, protocol: Protocol) -> None:
    broker = mosquitto("allow_anonymous false")
    with pytest.raises(BrokerRefusedError, match="refuses this client"):
        await publisher("single", broker.port, protocol=protocol).run()


async def test_a_broker_that_cannot_keep_up_gets_fewer_samples_and_no_backlog(mosquitto: StartMosquitto) -> None:
    """Forty thousand messages a second, each of which waits for the one before."""
    stations = [
        Station(CncMill(f"mill-{number}", 1, period_ns=1_000_000), Place("s", "a", "l"), JsonObject())
        for number in range(40)
    ]
    publishing = Publisher(stations, Broker("127.0.0.1", mosquitto().port), window=1, tell=print)
    await publishing.run(duration=4)
    assert publishing.counts.acknowledged == publishing.counts.published > 0
    assert publishing.counts.skipped > 0
