"""Machines whose connection a fault takes away, on a real broker without a clock: nobody waits for ever.

Without a clock the plant lives as fast as the broker takes what it says, so what a machine says while it is away, and
when it comes back, must not depend on how long that takes.
"""

from __future__ import annotations

import asyncio

import pytest

from adapters.sparkplug.codec import read
from simulators.broker import Broker
from simulators.delivery.conductor import Conductor, Pace
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from tests.servers.brokers import StartMosquitto
from tests.simulators.listening import Listener, listening

SECOND_NS = 1_000_000_000
START_NS = 1_790_000_000 * SECOND_NS
SECONDS = 600


def plant(face: str, fault: str, at: int, time: int) -> Scenario:
    """Return a plant of one machine that is read every second, and its fault."""
    return Scenario.model_validate(
        {
            "name": "one",
            "description": "One machine",
            "period": 1,
            "lines": [{"name": "line1", "area": "hall"}],
            "machines": [
                {
                    "name": "mill",
                    "kind": "cnc_mill",
                    "line": "line1",
                    "face": face,
                    "faults": [{"name": fault, "at": at, "for": time}],
                }
            ],
        }
    )


async def run(scenario: Scenario, port: int, seconds: int = SECONDS) -> Conductor:
    """Let a plant live without a clock."""
    pace = Pace(None, seconds, START_NS)
    conductor = Conductor(Course(scenario, 1), Broker("127.0.0.1", port), 1, pace, tell=lambda _: None)
    async with asyncio.timeout(60):
        await conductor.run()
    return conductor


def seconds(listener: Listener) -> set[int]:
    """Return of which seconds, from the start, an edge node has told something of its device, by birth or data."""
    return {
        (metric.timestamp or 0) // 1_000 - START_NS // SECOND_NS
        for topic, payload in listener.messages
        if topic.endswith("/mill")
        for metric in read(payload).metrics
    }


def deaths(listener: Listener) -> int:
    """Return how often an edge node was dead."""
    return sum("/NDEATH/" in topic for topic, _ in listener.messages)


@pytest.mark.parametrize("fault", ["half_open", "broker_restart"])
async def test_more_messages_than_may_wait_hold_nobody_up_and_all_arrive(mosquitto: StartMosquitto, fault: str) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    async with listening(broker.port, "scalar/#") as listener:
        conductor = await run(plant("scalar", fault, 10, 200), broker.port, 250)
        assert (conductor.waiting, conductor.forgotten, conductor.connections) == (0, 0, 2)
        assert conductor.published == conductor.acknowledged
        await listener.until(lambda: len(listener.messages) >= conductor.acknowledged)
        energy = [topic for topic, _ in listener.messages if topic.endswith("/energy")]
        assert len(energy) >= 250 + 1


@pytest.mark.parametrize(
    ("fault", "died"), [("disconnect_with_will", 2), ("disconnect_without_will", 1), ("broker_restart", 2)]
)
async def test_an_edge_node_tells_every_second_of_its_absence(mosquitto: StartMosquitto, fault: str, died: int) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    async with listening(broker.port, "spBv1.0/#") as listener:
        await run(plant("sparkplug", fault, 100, 200), broker.port)
        await listener.until(lambda: deaths(listener) == died)  # the last thing it says
        assert seconds(listener) == set(range(SECONDS + 1))


async def test_who_comes_back_at_the_end_still_says_what_was_kept(mosquitto: StartMosquitto) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    async with listening(broker.port, "plant1/#") as listener:
        conductor = await run(plant("json", "broker_restart", 100, SECONDS - 100), broker.port)
        assert (conductor.waiting, conductor.forgotten) == (0, 0)
        await listener.until(lambda: len(listener.messages) >= SECONDS + 1)


async def test_who_is_away_from_the_start_is_not_waited_for(mosquitto: StartMosquitto) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    async with listening(broker.port, "plant1/#") as listener:
        conductor = await run(plant("json", "disconnect_with_will", 0, 300), broker.port)
        assert conductor.connections == 1
        said = SECONDS - 300 + 1
        await listener.until(lambda: sum(b'"ts"' in payload for _, payload in listener.messages) == said + 1)


async def test_who_is_away_to_the_end_holds_nobody_up(mosquitto: StartMosquitto) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    conductor = await run(plant("json", "disconnect_without_will", 100, 10 * SECONDS), broker.port)
    assert conductor.connections == 1
