"""The load generator, against real brokers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

import orjson
import pytest

from simulators.broker import Broker
from simulators.load.connection import BrokerFailedError
from simulators.load.generator import Generator, Load
from tests.servers import free_port
from tests.servers.brokers import Rumqttd, StartMosquitto
from tests.simulators.listening import listening

WITHOUT_LIMITS = ("max_inflight_messages 0", "max_queued_messages 0")


def generator(port: int, load: Load) -> Generator:
    """Return a generator for a broker on this machine."""
    return Generator(Broker("127.0.0.1", port), load)


@pytest.mark.parametrize(
    "load",
    [
        Load(topics=500, messages=20_000),
        Load(topics=500, messages=20_000, publishers=3),
        Load(topics=7, messages=2_003, publishers=2),
        Load(topics=1, messages=50),
        Load(topics=50, messages=5_000, qos=0),
        Load(topics=50, messages=500, rate=2_000),
        Load(topics=50, messages=5_000, values=50),
    ],
)
async def test_every_message_arrives_with_a_time_of_its_own(mosquitto: StartMosquitto, load: Load) -> None:
    broker = mosquitto(*WITHOUT_LIMITS)
    sending = generator(broker.port, load)
    async with listening(broker.port, "load/#") as listener:
        await sending.run()
        await listener.until(lambda: len(listener.messages) >= load.messages)
    assert len(listener.messages) == sending.published == load.messages
    assert sending.acknowledged == (load.messages if load.qos else 0)
    times: dict[str, list[int]] = defaultdict(list)
    for topic, payload in listener.messages:
        times[topic].append(orjson.loads(payload)["ts"])
    assert len(times) == load.topics
    assert all(len(set(of_topic)) == len(of_topic) and of_topic == sorted(of_topic) for of_topic in times.values())
    assert max(map(len, times.values())) - min(map(len, times.values())) <= 1


async def test_the_window_of_the_broker_is_kept(mosquitto: StartMosquitto) -> None:
    """Mosquitto allows 20 by default."""
    sending = generator(mosquitto().port, Load(topics=500, messages=5_000))
    await sending.run()
    assert sending.window == 20
    assert sending.acknowledged == 5_000


async def test_an_embedded_broker_will_do(rumqttd: Callable[[], Rumqttd]) -> None:
    sending = generator(rumqttd().port, Load(topics=50, messages=5_000))
    await sending.run()
    assert sending.acknowledged == 5_000


async def test_it_stops_when_asked_and_waits_for_the_last_acknowledgement(mosquitto: StartMosquitto) -> None:
    broker = mosquitto(*WITHOUT_LIMITS)
    sending = generator(broker.port, Load(messages=10**9, rate=5_000))
    async with listening(broker.port, "load/#") as listener, asyncio.TaskGroup() as group:
        running = group.create_task(sending.run())
        await listener.until(lambda: len(listener.messages) >= 500)
        sending.stop()
        await running
    assert sending.acknowledged == sending.published < 10**9


async def test_it_stops_after_its_time(mosquitto: StartMosquitto) -> None:
    sending = generator(mosquitto(*WITHOUT_LIMITS).port, Load(messages=10**9, seconds=0.3, publishers=2))
    await sending.run()
    assert 0 < sending.acknowledged == sending.published
    assert sending.seconds > 0.2
    assert sending.cpu_seconds > 0


async def test_without_a_broker_it_fails() -> None:
    with pytest.raises(BrokerFailedError, match="No broker answers at 127"):
        await generator(free_port(), Load()).run()


async def test_a_refused_login_fails_with_its_reason(mosquitto: StartMosquitto) -> None:
    with pytest.raises(BrokerFailedError, match="NOT_AUTHORIZED"):
        await generator(mosquitto("allow_anonymous false").port, Load()).run()


async def test_a_broker_that_goes_away_fails_it_and_the_counts_stay(mosquitto: StartMosquitto) -> None:
    broker = mosquitto(*WITHOUT_LIMITS)
    sending = generator(broker.port, Load(messages=10**9, rate=20_000))
    async with asyncio.TaskGroup() as group:
        async with listening(broker.port, "load/#") as listener:
            running = group.create_task(_expect_failure(sending))
            await listener.until(lambda: len(listener.messages) >= 500)
        await asyncio.to_thread(broker.stop, kill=True)
        await running
    assert sending.published >= sending.acknowledged >= 500


async def _expect_failure(sending: Generator) -> None:
    with pytest.raises(BrokerFailedError, match="closed the connection"):
        await sending.run()


def test_publishers_need_a_topic_each() -> None:
    with pytest.raises(ValueError, match="2 publishers cannot share 1 topics"):
        generator(1883, Load(topics=1, publishers=2))
