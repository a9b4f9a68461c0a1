"""Edge nodes on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiomqtt
import orjson
import pytest

from adapters.sparkplug.codec import read
from simulators.broker import Broker
from simulators.delivery.connection import BrokerRefusedError
from simulators.sparkplug.fleet import Fleet, edge_nodes
from tests.servers import free_port, wait_until
from tests.servers.brokers import Rumqttd, StartMosquitto
from tests.simulators.listening import Listener, listening
from tests.simulators.sparkplug.scenes import rebirth_request

BIRTHS = ["NBIRTH/edge-1", "DBIRTH/edge-1/mill-1"]


def a_fleet(
    port: int, *faults: str, nodes: int = 1, primary_host: str | None = None, told: list[str] | None = None
) -> Fleet:
    """Return a fleet of nodes with one device each, measured five times a second."""
    made = edge_nodes("plant1", nodes, 1, faults=faults, primary_host=primary_host, remembered=10_000)
    return Fleet(made, Broker("127.0.0.1", port), rate=5, tell=(told if told is not None else []).append)


@asynccontextmanager
async def running(fleet: Fleet) -> AsyncIterator[None]:
    """Run a fleet until the block ends."""
    async with asyncio.TaskGroup() as group:
        group.create_task(fleet.run(), name="fleet")
        yield
        fleet.stop()


def said(listener: Listener, *kinds: str) -> list[str]:
    """Return types and names of what was heard, as `DBIRTH/edge-1/mill-1`."""
    topics = [topic.split("/", 2)[2] for topic, _ in listener.messages if topic.startswith("spBv1.0/plant1/")]
    return [topic for topic in topics if not kinds or topic.split("/")[0] in kinds]


def bd_seqs(listener: Listener, kind: str) -> Sequence[object]:
    return [
        next(metric.value for metric in read(payload).metrics if metric.name == "bdSeq")
        for topic, payload in listener.messages
        if f"/{kind}/" in topic
    ]


async def send(port: int, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Publish one message."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.publish(topic, payload, qos=1, retain=retain)


def state(*, online: bool, timestamp: int) -> bytes:
    return orjson.dumps({"online": online, "timestamp": timestamp})


async def test_a_node_is_born_tells_and_dies(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port)
    async with listening(broker.port) as listener:
        async with running(fleet):
            await listener.until(lambda: len(said(listener, "DDATA")) >= 3)
        await listener.until(lambda: bool(said(listener, "NDEATH")))
    assert said(listener)[:2] == BIRTHS
    assert said(listener)[-1] == "NDEATH/edge-1"
    assert bd_seqs(listener, "NDEATH") == bd_seqs(listener, "NBIRTH") == [0]
    assert fleet.counts["connections"] == 1


async def test_what_arrives_is_what_was_said(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port)
    async with listening(broker.port) as listener:
        async with running(fleet):
            await listener.until(lambda: len(said(listener, "DDATA")) >= 5)
        await listener.until(lambda: bool(said(listener, "NDEATH")))
    arrived = [
        (topic, metric.timestamp)
        for topic, payload in listener.messages
        for metric in read(payload).metrics
        if metric.alias is not None
    ]
    assert [(each.topic, each.timestamp_ms) for each in fleet.drivers[0].node.said] == arrived


async def test_the_broker_says_the_will_of_a_node_that_is_cut_off_and_it_comes_back(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    told: list[str] = []
    fleet = a_fleet(broker.port, told=told)
    async with listening(broker.port) as listener, running(fleet):
        await listener.until(lambda: len(said(listener, "DDATA")) >= 1)
        fleet.drivers[0].cut()
        await listener.until(lambda: len(said(listener, "NBIRTH")) == 2)
        assert bd_seqs(listener, "NDEATH") == [0]
        assert bd_seqs(listener, "NBIRTH") == [0, 1]
        assert "was lost" in told[0]


async def test_a_node_is_reborn_when_it_is_asked_to(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port)
    async with listening(broker.port) as listener, running(fleet):
        await listener.until(lambda: said(listener, "NBIRTH", "DBIRTH") == BIRTHS)
        await send(broker.port, "spBv1.0/plant1/NCMD/edge-1", rebirth_request())
        await listener.until(lambda: said(listener, "NBIRTH", "DBIRTH") == BIRTHS * 2)
        assert bd_seqs(listener, "NBIRTH") == [0, 0]
    assert fleet.counts["rebirth"] == 1


async def test_nodes_wait_for_their_primary_host_and_leave_with_it(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port, primary_host="host")
    node = fleet.drivers[0].node
    async with listening(broker.port) as listener, running(fleet):
        await send(broker.port, "spBv1.0/STATE/host", state(online=False, timestamp=1), retain=True)
        await listener.until(lambda: len(listener.messages) == 1)
        await send(broker.port, "spBv1.0/STATE/host", state(online=True, timestamp=2), retain=True)
        await listener.until(lambda: len(said(listener, "NBIRTH")) == 1)
        await send(broker.port, "spBv1.0/STATE/host", state(online=False, timestamp=2), retain=True)
        await listener.until(lambda: said(listener)[-1] == "NDEATH/edge-1")
        assert not node.is_born
        await send(broker.port, "spBv1.0/STATE/host", state(online=True, timestamp=3), retain=True)
        await listener.until(lambda: len(said(listener, "NBIRTH")) == 2)
        assert bd_seqs(listener, "NBIRTH") == [bd_seqs(listener, "NDEATH")[0], node._bd_seq]


async def test_what_is_measured_while_the_broker_is_away_arrives_as_history(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port)
    node = fleet.drivers[0].node
    async with running(fleet):
        async with listening(broker.port) as listener:
            await listener.until(lambda: len(said(listener, "DDATA")) >= 1)
        await asyncio.to_thread(broker.stop, kill=True)
        await asyncio.to_thread(wait_until, lambda: len(node.backlog) >= 50, "several samples are kept")
        await asyncio.to_thread(broker.start)
        await asyncio.to_thread(wait_until, lambda: node.counts["NBIRTH"] == 2, "the node is back")
    history = [each for each in node.said if each.historical and each.topic.endswith("mill-1")]
    times = [each.timestamp_ms for each in history]
    assert times == sorted(times)
    assert len(set(times)) > 1


async def test_an_embedded_broker_will_do(rumqttd: Callable[[], Rumqttd]) -> None:
    broker = rumqttd()
    fleet = a_fleet(broker.port)
    async with listening(broker.port) as listener, running(fleet):
        await listener.until(lambda: len(said(listener, "DDATA")) >= 1)
        fleet.drivers[0].cut()
        await listener.until(lambda: len(said(listener, "NBIRTH")) == 2)
        await listener.until(lambda: len(said(listener, "NDEATH")) == 1)


async def test_twins_share_a_name_and_have_a_connection_each(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port, "same_descriptor_twice")
    async with listening(broker.port) as listener, running(fleet):
        await listener.until(lambda: said(listener, "NBIRTH") == ["NBIRTH/edge-1"] * 2)
    assert fleet.counts["connections"] == 2


async def test_a_node_that_leaves_without_disconnect_dies_twice(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    fleet = a_fleet(broker.port, "death_twice")
    async with listening(broker.port) as listener:
        async with running(fleet):
            await listener.until(lambda: bool(said(listener, "NBIRTH")))
        await listener.until(lambda: len(said(listener, "NDEATH")) == 2)
    assert bd_seqs(listener, "NDEATH") == [0, 0]


async def test_five_hundred_nodes_live_in_one_process(mosquitto: StartMosquitto) -> None:
    broker = mosquitto("max_queued_messages 0")
    fleet = Fleet(edge_nodes("plant1", 500, 1), Broker("127.0.0.1", broker.port), tell=print)
    async with listening(broker.port) as listener:
        async with running(fleet):
            await listener.until(lambda: len(said(listener, "NBIRTH")) == 500)
        await listener.until(lambda: len(said(listener, "NDEATH")) == 500)
    assert len(set(said(listener, "NBIRTH"))) == 500
    assert fleet.counts["connections"] == 500


async def test_a_refused_login_is_final(mosquitto: StartMosquitto) -> None:
    with pytest.raises(BrokerRefusedError, match="NOT_AUTHORIZED"):
        await a_fleet(mosquitto("allow_anonymous false").port).run()


async def test_without_a_broker_it_says_so_and_tries_again() -> None:
    told: list[str] = []
    fleet = a_fleet(free_port(), told=told)
    await fleet.run(0.5)
    assert "no broker answers" in told[0]
    assert "Trying again" in told[0]
    assert fleet.counts["connections"] == 0


def test_devices_of_all_nodes_have_names_of_their_own() -> None:
    devices = [part.device for node in edge_nodes("plant1", 3, 4) for part in node.plan.parts if part.device]
    assert len(set(devices)) == 12
    assert {device.split("-")[0] for device in devices} == {"mill", "meter"}
