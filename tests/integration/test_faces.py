"""Every kind of machine through every face, a real broker and a real gateway: the same points."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.sinks.historian import Historian
from simulators.faces import FACES
from simulators.machines import MACHINES
from simulators.plant.library import parse
from simulators.plant.scenario import Scenario
from simulators.plant.start import latest_start
from tests.integration.simulated import collect
from tests.servers.brokers import StartMosquitto

SECONDS = 600
PLANT = """
description = "One machine of each kind"
period = "30s"
lived = "5min"
[products]
part = { ideal_cycle = 24 }
"""
MACHINE = """
[[lines]]
name = "line-{kind}"
area = "hall"
plan = [{{ product = "part", for = "1h" }}]
[[machines]]
name = "{kind}-1"
kind = "{kind}"
line = "line-{kind}"
face = "{face}"
"""
TROUBLE = '\ntroubles = [{ name = "breakdown", at = "5min", for = "1min" }]\n'
Points = dict[tuple[str, str, int], object]


def plant(face: str) -> Scenario:
    machines = [MACHINE.format(kind=kind, face=face) for kind in MACHINES]
    return parse(PLANT + machines[0] + TROUBLE + "".join(machines[1:]), "test", "kinds")


def stored(folder: Path, mosquitto: StartMosquitto, face: str, start_ns: int) -> tuple[set[str], Points]:
    folder.mkdir()
    gateway, run = collect(folder, plant(face), mosquitto("max_queued_messages 0").port, SECONDS, start_ns=start_ns)
    try:
        gateway.until(lambda _: not gateway.has_waiting(), "everything is in the historian")
        with Historian(folder / "historian.db") as historian:
            tags: set[str] = set()
            points: Points = {}
            for kind in MACHINES:
                asset = f"{kind}-1"
                tags |= {str((kind, one.tags)) for one in historian.latest(asset) if one.measurement == kind}
                # A machine alone on its connection tells that it is online, without a time, where its face can.
                fields = [
                    name for name in historian.fields(kind, asset) if not name.startswith(("online", "time_status"))
                ]
                marks = historian.range(asset, kind, "time_status", run.start_ns, run.end_ns + 1)
                assert {mark.value for mark in marks} <= {"source"}
                for field in fields:
                    for sample in historian.range(asset, kind, field, run.start_ns, run.end_ns + 1):
                        points[asset, field, sample.timestamp_ns - run.start_ns] = sample.value
            return tags, points
    finally:
        gateway.kill()


def test_every_machine_gives_the_same_points_through_every_face(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    start_ns = latest_start(plant("json"), SECONDS, time.time_ns())
    told = {face: stored(tmp_path / face, mosquitto, face, start_ns) for face in FACES}
    tags, expected = told.pop("json")
    assert len(expected) > 20 * sum(len(machine.signals) for machine in MACHINES.values())
    for face, (its_tags, its_points) in told.items():
        assert its_tags == tags, face
        differing = {key for key in its_points.keys() | expected.keys() if its_points.get(key) != expected.get(key)}
        assert {key: (expected.get(key), its_points.get(key)) for key in sorted(differing)[:10]} == {}, face
