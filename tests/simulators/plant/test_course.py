"""A plant's life: what is conserved, what follows from its seed, and who is read when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines.device import Device
from simulators.machines.unit import Unit
from simulators.plant.answers import of_plant, of_station
from simulators.plant.course import Course
from simulators.plant.expectation import expect
from simulators.plant.library import load, parse
from simulators.plant.scenario import Scenario

START_NS = 1_772_431_200_000_000_000  # 2026-03-02T06:00:00Z, a Monday


def live(scenario: Scenario, seconds: int, seed: int = 1) -> Course:
    course = Course(scenario, seed)
    course.begin(START_NS)
    for _ in range(seconds):
        course.step()
    return course


def device(course: Course, name: str) -> Device:
    return next(station.device for station in course.stations if station.device.name == name)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_no_part_is_lost_along_a_line(seed: int) -> None:
    course = Course(load("packaging"), seed)
    course.begin(START_NS)
    units = [station.device for station in course.stations if isinstance(station.device, Unit)]
    for _ in range(1200):
        course.step()
        between = course.lines["line1"].between
        assert all(0 <= parts <= 240 for parts in between)
        for (before, behind), parts in zip(pairwise(units), between, strict=True):
            assert before.finished - before.rejected == behind.taken + parts


def test_a_stop_at_the_end_of_a_line_blocks_its_machines_and_starves_none() -> None:
    course = live(load("packaging"), 7200 + 1100)  # the packer breaks down at 2 h, for 20 min
    units = [station.device for station in course.stations if isinstance(station.device, Unit)]
    states = {unit.name: unit.state.name for unit in units}
    assert states["packer-1"] == "ABORTED"
    assert {states[name] for name in ("filler-1", "capper-1", "labeller-1")} == {"SUSPENDED"}


def test_the_meter_counts_what_it_feeds() -> None:
    course = live(load("workshop"), 3600)
    fed = [device(course, name) for name in ("mill-1", "mill-2", "mill-3", "press-1", "compressor-1")]
    assert device(course, "meter-1").energy == pytest.approx(sum(each.energy for each in fed))


def test_the_compressor_supplies_what_the_machines_draw() -> None:
    course = live(load("packaging"), 3600)
    compressor = device(course, "compressor-1")
    pressure = compressor.values()["pressure"]
    assert isinstance(pressure, float)
    assert 5.0 < pressure < 9.0
    assert sum(station.device.air for station in course.stations) > 0


def test_another_seed_makes_another_course_and_the_same_the_same() -> None:
    first, same, other = (of_plant(live(load("workshop"), 7200, seed)) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_a_machine_is_read_at_its_period_and_when_its_state_changes() -> None:
    course = Course(load("workshop"), 1)
    course.begin(START_NS)
    phases: dict[str, object] = {station.device.name: station.device.phase for station in course.stations}
    for second in range(1, 1800):
        read = {reading.station.device.name for reading in course.step()}
        for station in course.stations:
            name = station.device.name
            changed = station.device.phase != phases[name]
            phases[name] = station.device.phase
            assert (name in read) == (changed or second % station.period == 0)


def test_at_the_end_every_machine_has_been_read() -> None:
    course = live(load("workshop"), 65)
    read = {reading.station.device.name for reading in course.end()}
    assert "climate-1" in read
    assert all(station.read_ns == START_NS + 65_000_000_000 for station in course.stations)
    assert course.end() == []


def test_what_is_expected_is_what_the_run_does() -> None:
    scenario = load("workshop")
    expectation = expect(scenario, 5, START_NS, 1800)
    course = live(scenario, 1800, seed=5)
    assert [answer._replace(samples=0) for _, answer in expectation.machines] == [
        of_station(station)._replace(samples=0) for station in course.stations
    ]


def test_the_plan_of_a_line_goes_on_in_planned_time_only() -> None:
    scenario = parse(
        """
        description = "Two products, and a break"
        shifts = [{ from = "06:00:00", to = "22:00:00", breaks = [{ from = "06:10:00", to = "06:20:00" }] }]
        products = { a = { ideal_cycle = 10 }, b = { ideal_cycle = 12 } }
        lines = [{ name = "l", area = "x", plan = [{ product = "a", for = "15min" }, { product = "b", for = "1h" }] }]
        machines = [{ name = "m", kind = "hydraulic_press", line = "l" }]
        """,
        "test",
        "plan",
    )
    course = live(scenario, 25 * 60)
    (before,) = (work.product for work in [course.lines["l"].work("hydraulic_press")] if work)
    course.step()
    (after,) = (work.product for work in [course.lines["l"].work("hydraulic_press")] if work)
    assert (before, after) == ("a", "b")


def test_the_parts_of_a_line_are_counted_where_they_leave() -> None:
    course = live(load("packaging"), 3600)
    answers = {station.device.name: of_station(station) for station in course.stations}
    together = of_plant(course)
    assert together.good == answers["packer-1"].good > 0
    assert together.rejects == sum(answer.rejects for answer in answers.values())


def test_the_energy_of_a_plant_is_what_the_meter_of_all_measures_with_its_own_load() -> None:
    course = live(load("moulding"), 1800)
    (meter,) = [station for station in course.stations if station.device.kind == "energy_meter"]
    machines = sum(of_station(station).energy for station in course.stations if station is not meter)
    assert of_plant(course).energy == pytest.approx(of_station(meter).energy)
    assert of_station(meter).energy == pytest.approx(machines + 1.5, rel=0.01)  # 3 kW for half an hour


def test_a_meter_that_measures_another_counts_the_same_second() -> None:
    scenario = parse(
        """
        description = "The main meter stands before the one it measures"
        products = { a = { ideal_cycle = 10 } }
        lines = [{ name = "l", area = "x", plan = [{ product = "a", for = "1h" }] }]
        machines = [
            { name = "main", kind = "energy_meter", line = "l", feeds = ["hall"] },
            { name = "hall", kind = "energy_meter", line = "l", feeds = ["m"] },
            { name = "m", kind = "hydraulic_press", line = "l" },
        ]
        """,
        "test",
        "meters",
    )
    course = Course(scenario, 1)
    course.begin(START_NS)
    for _ in range(120):
        course.step()
        assert device(course, "main").power == device(course, "hall").power == device(course, "m").power
