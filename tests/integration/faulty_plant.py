"""A plant in which every machine has another fault, as it spoke to a real broker, and what a gateway made of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias, cast

from gateway.control import ask, socket_of
from gateway.dead_letters import letters
from gateway.models import Value
from gateway.sinks.historian import Historian
from gateway.spool import Kept
from simulators.broker import Broker as Address
from simulators.collection import configuration
from simulators.delivery.conductor import Conductor, Pace
from simulators.faults import FAULTS
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from simulators.plant.station import Reading
from tests.servers import wait_until
from tests.servers.brokers import Broker
from tests.servers.gateway import JSON, Gateway

SECOND_NS = 1_000_000_000
SPEED, SECONDS, SEED = 100.0, 700, 3
KIND, AREA, LINE = "cnc_mill", "hall", "line1"
GOOD, BAD, STALE = 192, 0, 500

AT: Mapping[str, tuple[int, int]] = {
    # Long enough to be silent for longer than `stale_after`, which is 4 s of real time.
    **dict.fromkeys(("disconnect_with_will", "disconnect_without_will", "half_open"), (100, 550)),
    # Then the plant is about where the clock is, and what is an hour ahead of one is so of the other.
    **dict.fromkeys(("clock_jump", "daylight_saving"), (630, 60)),
    "wrong_bdseq": (100, 250),
}
"""When faults strike, and for how long; those that are not here at 100 for 200 s."""
FACES = {"bad_quality": "uns_json", "truncated": "uns_json", "nan": "json"}
"""How machines speak that do not speak flat JSON or, where they can do nothing else, Sparkplug."""

Points: TypeAlias = Mapping[int, Mapping[str, Value]]
"""Fields by time."""


def strike(fault: str) -> tuple[int, int]:
    """Return when a fault strikes, and when it ends, in seconds."""
    at, time = AT.get(fault, (100, 200))
    return at, at + time


def machine_of(fault: str) -> str:
    """Return the name of the machine that has a fault."""
    return fault.replace("_", "-")


def scenario(faults: Sequence[str]) -> Scenario:
    """Return a plant with a machine for each fault, and one that has none."""
    machines: list[dict[str, object]] = [{"name": "well", "kind": KIND, "line": LINE}]
    lines = [LINE]
    for fault in faults:
        at, until = strike(fault)
        face = "sparkplug" if FAULTS[fault].faces == {"sparkplug"} else FACES.get(fault, "json")
        line = LINE if face != "sparkplug" else machine_of(fault)  # an edge node for each
        lines += [line] if line not in lines else []
        happening = {"name": fault, "at": at, "for": until - at}
        machines.append({"name": machine_of(fault), "kind": KIND, "line": line, "face": face, "faults": [happening]})
    plan = [{"product": "part", "for": "1h"}]
    return Scenario.model_validate(
        {
            "name": "faults",
            "description": "A machine for each fault",
            "period": 1,
            "products": {"part": {"ideal_cycle": 10}},
            "lines": [{"name": line, "area": AREA, "plan": plan} for line in lines],
            "machines": machines,
        }
    )


def readings(plant: Scenario, start_ns: int, seconds: int) -> dict[str, list[Reading]]:
    """Return what each machine measured."""
    course = Course(plant, SEED)
    measured: dict[str, list[Reading]] = {station.device.name: [] for station in course.stations}
    every = [course.begin(start_ns), *(course.step() for _ in range(seconds)), course.end()]
    for reading in (reading for some in every for reading in some):
        measured[reading.station.device.name].append(reading)
    return measured


class Past(NamedTuple):
    """What was measured, and what a gateway made of it.

    Attributes:
        start_ns: When the plant began to live.
        began_ns: When it really began.
        measured: By machine.
        broker: Where all met.
        gateway: It still runs.
        status: As it was when all had settled.
        nodes: What it said of edge nodes then, by their names.
        stored: What was in the store then, by machine and measurement.
    """

    start_ns: int
    began_ns: int
    measured: Mapping[str, Sequence[Reading]]
    broker: Broker
    gateway: Gateway
    status: Mapping[str, JSON]
    nodes: Mapping[str, Mapping[str, JSON]]
    stored: Mapping[str, Points]

    def readings(self, fault: str, *, struck: bool | None = None) -> list[Reading]:
        """Return what the machine with a fault measured: while it struck, while it did not, or always."""
        begin, end = (self.start_ns + second * SECOND_NS for second in strike(fault))
        return [
            reading
            for reading in self.measured[machine_of(fault)]
            if struck is None or struck is (begin <= reading.time_ns < end)
        ]

    def points(self, fault: str) -> Points:
        """Return what is stored of the machine with a fault."""
        return self.stored[machine_of(fault)]

    def node(self, fault: str) -> Mapping[str, JSON]:
        """Return what the gateway says of the edge node with a fault."""
        return self.nodes[machine_of(fault)]

    def letters(self, fault: str) -> list[Kept]:
        """Return the dead letters that came of it."""
        return [letter for letter in letters(self.gateway.spool) if f"/{machine_of(fault)}" in letter.topic]

    def counts(self, kind: str) -> Mapping[str, int]:
        """Return what the gateway counted by reason."""
        return cast("Mapping[str, int]", self.status[kind])


def stored(gateway: Gateway) -> dict[str, dict[int, dict[str, Value]]]:
    """Return what is stored of each machine: its fields by time."""
    machines: dict[str, dict[int, dict[str, Value]]] = {}
    with Historian(gateway.folder / "historian.db") as historian:
        for point in historian.points(KIND):
            machines.setdefault(point.tags["asset"], {})[point.timestamp_ns] = point.fields
    return machines


def has(gateway: Gateway, reading: Reading) -> bool:
    """Whether something is stored of a machine at the time of a reading."""
    return reading.time_ns in stored(gateway).get(reading.station.device.name, {})


def nodes(gateway: Gateway) -> dict[str, Mapping[str, JSON]]:
    """Return what a gateway says of edge nodes, by their names."""
    answer = ask(socket_of(gateway.spool), {"ask": "sparkplug"})
    hosts = cast("dict[str, dict[str, list[dict[str, JSON]]]]", answer["hosts"])
    return {str(node["node"]): node for node in hosts["sparkplug"]["nodes"]}


def document(plant: Scenario, broker: Broker, name: str) -> str:
    """Return the configuration of a gateway with a name, without its spool."""
    text = configuration(plant, broker.url).replace('\n[spool]\npath = "spool.db"\n', "")
    return text.replace('id = "faults"', f'id = "{name}"')


def conductor(plant: Scenario, broker: Broker, pace: Pace) -> Conductor:
    """Return what lets the plant live on a broker."""
    return Conductor(Course(plant, SEED), Address("127.0.0.1", broker.port), SEED, pace, tell=lambda _: None)


def live(plant: Scenario, broker: Broker, gateway: Gateway) -> Past:
    """Let the plant live for its time before a gateway, and return what came of it when all has settled.

    When faults of the clock strike the time of the plant is about the real one, however long it all takes; at its end
    the plant is a minute ahead, which is believed.
    """
    gateway.start()
    began_ns = time.time_ns()
    start_ns = (began_ns // SECOND_NS - SECONDS + 60) * SECOND_NS
    asyncio.run(conductor(plant, broker, Pace(SPEED, SECONDS, start_ns)).run())
    measured = readings(plant, start_ns, SECONDS)
    wait_until(lambda: has(gateway, measured["well"][-1]), "the last reading is stored")
    gateway.until(lambda status: not cast("dict[str, int]", status["messages"])["waiting"], "all is stored")
    status = gateway.status()
    assert status is not None
    return Past(start_ns, began_ns, measured, broker, gateway, status, nodes(gateway), stored(gateway))
