"""A day of a machine, and the plant in which it is lived."""

from __future__ import annotations

from datetime import date

import pytest

from simulators.machines import MACHINES
from simulators.plant.course import Course
from simulators.show.day import SECONDS, live
from simulators.show.stage import plant
from tests.simulators.show.days import lived


@pytest.mark.parametrize("kind", MACHINES)
def test_every_kind_has_a_plant_in_which_it_is_once(kind: str) -> None:
    stations = Course(plant(kind), 1).stations
    assert [station.period for station in stations if station.device.kind == kind] == [1]


def test_a_day_has_a_value_of_every_signal_for_every_second() -> None:
    day = lived("cnc_mill")
    assert list(day.columns) == [signal.name for signal in day.kind.signals]
    assert {len(column) for column in (*day.columns.values(), day.planned)} == {SECONDS}


def test_the_same_seed_and_date_give_the_same_day() -> None:
    assert live("climate_sensor", 1, date(2026, 3, 2)) == lived("climate_sensor")


def test_another_seed_gives_another_day() -> None:
    assert lived("climate_sensor", 2).columns != lived("climate_sensor").columns


def test_two_shifts_are_planned_without_their_breaks() -> None:
    planned = lived("cnc_mill").planned
    hours = [second / 3600 for second in range(1, SECONDS) if planned[second] != planned[second - 1]]
    assert hours == [6, 9, 9.25, 12, 12.5, 17, 17.25, 20, 20.5, 22]


def test_the_close_look_is_at_the_start_of_the_first_shift() -> None:
    day = lived("cnc_mill")
    states = day.columns["state"][day.closely.start : day.closely.stop]
    assert [*dict.fromkeys(states)][:4] == ["STOPPED", "RESETTING", "IDLE", "STARTING"]


def test_a_machine_is_set_up_for_another_product() -> None:
    day = lived("cnc_mill")
    assert set(day.columns["product"]) == {"housing", "flange"}
    assert "SETUP" in day.columns["mode"]


def test_a_compressor_has_machines_that_it_feeds() -> None:
    assert "LOADED" in lived("compressor").columns["state"][36_000:39_600]


def test_how_far_it_is_is_told() -> None:
    told: list[float] = []
    live("climate_sensor", 1, date(2026, 3, 2), told.append)
    assert told == sorted(told)
    assert told[-1] == SECONDS + 6 * 3600
