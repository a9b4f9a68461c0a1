"""Every scenario through a real broker, a real gateway and a store: the known answers come out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.sinks.historian import Historian
from simulators.delivery.counting import count_messages
from simulators.machines.unit import Unit
from simulators.plant.answers import of_station
from simulators.plant.calendar import Calendar
from simulators.plant.library import load, names
from simulators.plant.scenario import Scenario
from tests.integration.simulated import Run, collect
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.simulators.stored import Read, Samples, Window, energy, of_unit

SECONDS = {"workshop": 30_600, "packaging": 14_400, "moulding": 9_000, "mixed": 1_800, "load": 180, "single": 1_200}
"""How long each is run, in virtual seconds: enough for setups, breaks and troubles."""


def from_historian(historian: Historian, window: Window, asset: str, kind: str, field: str) -> Samples:
    samples = historian.range(asset, kind, field, window.start_ns, window.end_ns + 1, limit=1_000_000)
    return [(sample.timestamp_ns, sample.value) for sample in samples]


def from_influxd(influxd: Influxd, window: Window, asset: str, kind: str, field: str) -> Samples:
    wanted = f"asset = '{asset}' AND time >= {window.start_ns} AND time <= {window.end_ns}"
    rows = influxd.query(f'SELECT "{field}" FROM {kind} WHERE {wanted}', "plant")
    return [(int(str(row["time"])), row[field]) for row in rows]


def compare(scenario: Scenario, run: Run, read: Read) -> Iterator[str]:
    """Yield what came out of the store otherwise than it is known to be."""
    window = Window(run.start_ns, run.end_ns)
    zone = ZoneInfo(scenario.time_zone)
    for station in run.course.stations:
        device = station.device
        expected = of_station(station)
        name, kind = device.name, device.kind
        if isinstance(device, Unit):
            shifts = scenario.line(station.place.line).shifts
            calendar = Calendar(scenario.shifts if shifts is None else shifts, zone)
            stored = of_unit(read, scenario, name, kind, calendar, window)
            counted = (stored.planned_seconds, stored.running_seconds, stored.parts, stored.rejects)
            known = (expected.planned_seconds, expected.running_seconds, expected.parts, expected.rejects)
            if counted != known or stored.ideal_seconds != pytest.approx(expected.ideal_seconds):
                yield f"{name}: {stored} instead of {expected}"
            measured = stored.energy
        elif any(signal.name == "energy" for signal in device.signals):
            measured = energy(read, name, kind)
        else:
            continue
        if measured != pytest.approx(expected.energy, rel=0.005, abs=0.001):
            yield f"{name}: {measured} kWh instead of {expected.energy}"


def test_every_scenario_is_tested() -> None:
    assert sorted(SECONDS) == names()


@pytest.mark.parametrize("name", sorted(SECONDS))
def test_the_known_answers_come_out_of_the_historian(tmp_path: Path, mosquitto: StartMosquitto, name: str) -> None:
    scenario = load(name)
    broker = mosquitto("max_queued_messages 0")
    gateway, run = collect(tmp_path, scenario, broker.port, SECONDS[name])
    try:
        expected = count_messages([(station, of_station(station)) for station in run.course.stations])
        assert run.published == expected.in_all
        gateway.until(lambda _: not gateway.has_waiting(), "everything is in the historian")
        with Historian(tmp_path / "historian.db") as historian:
            assert (
                list(compare(scenario, run, partial(from_historian, historian, Window(run.start_ns, run.end_ns)))) == []
            )
        assert gateway.messages()["quarantined"] == 0
    finally:
        gateway.kill()


def test_the_known_answers_come_out_of_influxd(tmp_path: Path, mosquitto: StartMosquitto, influxd: Influxd) -> None:
    influxd.create_database("plant")
    scenario = load("packaging")
    sink = f'[[sinks]]\nname = "db"\ntype = "influxdb"\napi = "v1"\nurl = "{influxd.url}"\ndatabase = "plant"\n'
    broker = mosquitto("max_queued_messages 0")
    gateway, run = collect(
        tmp_path,
        scenario,
        broker.port,
        SECONDS["packaging"],
        configured=lambda text: text[: text.index("[[sinks]]")] + sink,
    )
    try:
        gateway.until(lambda _: not gateway.has_waiting(), "everything is in influxd")
        assert list(compare(scenario, run, partial(from_influxd, influxd, Window(run.start_ns, run.end_ns)))) == []
    finally:
        gateway.kill()
