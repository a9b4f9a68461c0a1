"""The load of machines, against real brokers."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

import aiomqtt
import orjson
import pytest

from adapters.sparkplug.codec import Metric, Payload, read, write
from simulators.broker import Broker
from simulators.load.connection import BrokerFailedError
from simulators.load.machines import MachineLoad, Machines
from simulators.load.plant import scenario
from simulators.machines import MACHINES
from tests.servers import free_port
from tests.servers.brokers import StartMosquitto
from tests.simulators.listening import Listener, listening

WITHOUT_LIMITS = ("max_inflight_messages 0", "max_queued_messages 0")


def machines(port: int, load: MachineLoad) -> Machines:
    """Return a load for a broker on this machine."""
    return Machines(Broker("127.0.0.1", port), load)


@pytest.mark.parametrize(
    "load",
    [
        MachineLoad(machines=100, messages=2_000),
        MachineLoad(machines=100, messages=2_003, publishers=3),
        MachineLoad(machines=1, messages=50),
        MachineLoad(machines=45, messages=900, qos=0),
        MachineLoad(machines=100, messages=300, rate=1_000),
        MachineLoad(machines=45, messages=900, window=3),
        MachineLoad(machines=45, messages=3_000, face="scalar"),
    ],
)
async def test_every_message_arrives(mosquitto: StartMosquitto, load: MachineLoad) -> None:
    broker = mosquitto(*WITHOUT_LIMITS)
    sending = machines(broker.port, load)
    async with listening(broker.port, "#") as listener:
        await sending.run()
        assert load.messages is not None
        expected = load.messages + (1 if load.machines == 1 else 0)  # alone, it says that it is online
        await listener.until(lambda: len(listener.messages) >= expected)
    assert sending.published == load.messages
    assert sending.acknowledged == (load.messages if load.qos else 0)


async def test_the_times_of_a_machine_are_the_present_ones_and_strictly_increase(mosquitto: StartMosquitto) -> None:
    listener = await listened(mosquitto, MachineLoad(machines=100, messages=2_000))
    times: dict[str, list[int]] = defaultdict(list)
    for topic, payload in listener.messages:
        times[topic].append(orjson.loads(payload)["ts"])
    assert len(times) == 100
    assert all(of_topic == sorted(set(of_topic)) for of_topic in times.values())
    assert {len(of_topic) for of_topic in times.values()} == {20}


async def test_machines_of_several_kinds_tell_all_their_signals(mosquitto: StartMosquitto) -> None:
    listener = await listened(mosquitto, MachineLoad(machines=100, messages=100))
    told = {tuple(orjson.loads(payload))[1:] for _, payload in listener.messages}
    kinds = {machine.kind for machine in scenario(100, None, "json").machines}
    assert len(kinds) == 5
    assert told == {tuple(signal.name for signal in MACHINES[kind].signals) for kind in kinds}


async def test_counters_go_on_a_second_with_each_message(mosquitto: StartMosquitto) -> None:
    listener = await listened(mosquitto, MachineLoad(machines=100, messages=2_000))
    counted: dict[str, list[int]] = defaultdict(list)
    for topic, payload in listener.messages:
        if "pump-station" in topic:
            counted[topic].append(orjson.loads(payload)["watchdog"])
    assert len(counted) == 20
    for counts in counted.values():
        assert counts == [(counts[0] + n) % 65_536 for n in range(20)]


async def test_edge_nodes_are_born_and_number_their_data_without_a_gap(mosquitto: StartMosquitto) -> None:
    listener = await listened(mosquitto, MachineLoad(machines=45, messages=2_000, face="sparkplug"), "spBv1.0/#", 48)
    kinds = Counter(topic.split("/")[2] for topic, _ in listener.messages)
    assert kinds == {"NBIRTH": 3, "DBIRTH": 45, "DDATA": 2_000, "NDEATH": 3}
    numbers: dict[str, list[int | None]] = defaultdict(list)
    for topic, payload in listener.messages:
        if "/NDEATH/" not in topic:
            numbers[topic.split("/")[3]].append(read(payload).seq)
    assert all(seq == [n % 256 for n in range(len(seq))] for seq in numbers.values())


async def test_data_of_a_device_names_the_aliases_of_its_birth(mosquitto: StartMosquitto) -> None:
    listener = await listened(mosquitto, MachineLoad(machines=45, messages=200, face="sparkplug"), "spBv1.0/#", 48)
    known: dict[str, set[int | None]] = {}
    for topic, payload in listener.messages:
        aliases = {metric.alias for metric in read(payload).metrics}
        match topic.split("/"):
            case [_, _, "DBIRTH", _, device]:
                known[device] = aliases
            case [_, _, "DDATA", _, device]:
                assert aliases == known[device]


async def test_an_edge_node_is_born_again_when_it_is_asked(mosquitto: StartMosquitto) -> None:
    broker = mosquitto(*WITHOUT_LIMITS)
    sending = machines(broker.port, MachineLoad(machines=20, messages=None, rate=500, face="sparkplug"))
    rebirth = write(Payload(1, None, [Metric("Node Control/Rebirth", value=True)]))

    def births(listener: Listener) -> int:
        return sum("/NBIRTH/" in topic for topic, _ in listener.messages)

    async with listening(broker.port, "spBv1.0/#") as listener, asyncio.TaskGroup() as group:
        running = group.create_task(sending.run())
        await listener.until(lambda: len(listener.messages) >= 100)
        async with aiomqtt.Client("127.0.0.1", broker.port) as host:
            await host.publish("spBv1.0/load/NCMD/line0", rebirth)
        await listener.until(lambda: births(listener) >= 2)
        sending.stop()
        await running


async def test_it_stops_when_asked_and_waits_for_the_last_acknowledgement(mosquitto: StartMosquitto) -> None:
    broker = mosquitto(*WITHOUT_LIMITS)
    sending = machines(broker.port, MachineLoad(messages=None, rate=1_000))
    async with listening(broker.port, "load/#") as listener, asyncio.TaskGroup() as group:
        running = group.create_task(sending.run())
        await listener.until(lambda: len(listener.messages) >= 200)
        sending.stop()
        await running
    assert sending.acknowledged == sending.published > 0


async def test_it_stops_after_its_time(mosquitto: StartMosquitto) -> None:
    sending = machines(mosquitto(*WITHOUT_LIMITS).port, MachineLoad(messages=None, seconds=0.3))
    await sending.run()
    assert 0 < sending.acknowledged == sending.published
    assert sending.seconds > 0.2
    assert sending.cpu_seconds > 0


async def test_without_a_broker_it_fails() -> None:
    with pytest.raises(BrokerFailedError, match="No broker answers at 127"):
        await machines(free_port(), MachineLoad()).run()


def test_publishers_need_a_line_each() -> None:
    with pytest.raises(ValueError, match="3 publishers cannot share 2 lines"):
        machines(1883, MachineLoad(machines=40, publishers=3))


@pytest.mark.parametrize(("rate", "period"), [(None, 1), (20_000, 1), (1_000, 1), (100, 10), (7, 143)])
def test_machines_tell_a_sample_as_often_as_makes_the_rate(rate: float | None, period: int) -> None:
    assert scenario(1_000, rate, "json").period == period


def test_a_load_of_a_thousand_machines_is_fifty_edge_nodes() -> None:
    plant = scenario(1_000, None, "sparkplug")
    assert len(plant.lines) == 50
    assert sum(len(machine.names()) for machine in plant.machines) == 1_000


async def listened(start: StartMosquitto, load: MachineLoad, topic: str = "load/#", beside: int = 0) -> Listener:
    """Run a load and return what arrived, with so many messages beside those of the load."""
    broker = start(*WITHOUT_LIMITS)
    async with listening(broker.port, topic) as listener:
        await machines(broker.port, load).run()
        await listener.until(lambda: len(listener.messages) >= (load.messages or 0) + beside)
        if beside:
            await listener.until(lambda: sum("/NDEATH/" in name for name, _ in listener.messages) >= 3)
    return listener
