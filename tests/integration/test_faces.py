"""One machine through every face, a real broker and a real gateway: the same points."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.sinks.historian import Historian
from simulators.faces import FACES
from simulators.plant.library import parse
from tests.integration.simulated import collect
from tests.servers.brokers import StartMosquitto

SECONDS = 900
SCENARIO = """
description = "One machine"
period = "30s"
[products]
bracket = {{ ideal_cycle = 45 }}
[[lines]]
name = "line1"
area = "forming"
plan = [{{ product = "bracket", for = "1h" }}]
[[machines]]
name = "{kind}-1"
kind = "{kind}"
line = "line1"
face = "{face}"
troubles = [{{ name = "breakdown", at = "5min", for = "1min" }}]
"""
Points = dict[tuple[str, int], object]


def points(folder: Path, mosquitto: StartMosquitto, kind: str, face: str) -> tuple[set[str], Points]:
    """Return the tags and all values of a machine that were stored, by field and seconds since the start."""
    folder.mkdir()
    scenario = parse(SCENARIO.format(kind=kind, face=face), "test", "one")
    gateway, run = collect(folder, scenario, mosquitto("max_queued_messages 0").port, SECONDS)
    try:
        gateway.until(lambda _: not gateway.has_waiting(), "everything is in the historian")
        with Historian(folder / "historian.db") as historian:
            asset = f"{kind}-1"
            # Where a face has presence, its machine alone on the connection tells that it is online, without a time.
            fields = [
                field for field in historian.fields(kind, asset) if not field.startswith(("online", "time_status"))
            ]
            marks = historian.range(asset, kind, "time_status", run.start_ns, run.end_ns + 1)
            assert {mark.value for mark in marks} <= {"source"}
            tags = {
                str(sorted(latest.tags.items())) for latest in historian.latest(asset) if latest.measurement == kind
            }
            return tags, {
                (field, sample.timestamp_ns - run.start_ns): sample.value
                for field in fields
                for sample in historian.range(asset, kind, field, run.start_ns, run.end_ns + 1)
            }
    finally:
        gateway.kill()


@pytest.mark.parametrize("kind", ["hydraulic_press", "compressor"])
def test_a_machine_gives_the_same_points_through_every_face(
    tmp_path: Path, mosquitto: StartMosquitto, kind: str
) -> None:
    told = {face: points(tmp_path / face, mosquitto, kind, face) for face in FACES}
    tags, expected = told.pop("json")
    assert len(expected) > 20 * len({field for field, _ in expected}) / 2
    for face, (its_tags, its_points) in told.items():
        assert its_tags == tags, face
        assert {key: its_points.get(key) for key in its_points.keys() | expected.keys()} == expected, face
