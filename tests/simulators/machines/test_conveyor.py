"""The conveyor: transport, waiting, and what its motor draws."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.conveyor import LENGTH, SPEED, Conveyor
from simulators.machines.device import Order, Surroundings
from simulators.machines.packml import State
from simulators.machines.states import Reliability
from tests.simulators.machines.living import floats, live, mean

RUN = Surroundings(0, order=Order("carton", 2.0))
FLAWLESS = Reliability(mtbf=1e12, stops=1e12, scrap=0.0, loss=0.0)


def test_a_part_arrives_after_the_length_of_the_belt_at_its_speed() -> None:
    lived = live(Conveyor("c", 1, FLAWLESS), 120, RUN)
    put_on = next(second for second, values in enumerate(lived) if values["parts_on_belt"])
    arrived = next(second for second, values in enumerate(lived) if values["part_count"])
    assert arrived - put_on == pytest.approx(LENGTH / SPEED, abs=2)


def test_it_carries_as_many_parts_as_its_length_takes() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    live(conveyor, 120, RUN)
    assert conveyor.in_work == pytest.approx(LENGTH / SPEED / 2.0, abs=1)
    assert conveyor.taken == conveyor.finished + conveyor.in_work


def test_it_gives_parts_at_the_ideal_cycle() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    live(conveyor, 120, RUN)
    before = conveyor.finished
    lived = live(conveyor, 1000, RUN)
    assert conveyor.finished - before == pytest.approx(500, abs=2)
    assert float(lived[-1]["cycle_time"]) == pytest.approx(2.0, rel=0.01)


def test_without_room_it_stops_with_all_its_parts_and_goes_on_with_them() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    live(conveyor, 120, RUN)
    finished, on_belt = conveyor.finished, conveyor.in_work
    waiting = live(conveyor, 60, RUN._replace(room=0))
    assert conveyor.finished == finished
    assert conveyor.in_work in {on_belt, on_belt + 1}
    assert conveyor.state is State.SUSPENDED
    assert waiting[-1]["blocked"] is True
    assert waiting[-1]["belt_speed"] == waiting[-1]["motor_current"] == 0
    live(conveyor, 10, RUN)
    assert conveyor.finished > finished


def test_without_supply_it_runs_empty_and_then_waits() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    live(conveyor, 120, RUN)
    taken = conveyor.taken
    lived = live(conveyor, 60, RUN._replace(supply=0))
    assert lived[10]["belt_speed"] == pytest.approx(SPEED, rel=0.02)
    assert conveyor.finished == conveyor.taken == taken
    assert lived[-1]["starved"] is True
    assert lived[-1]["belt_speed"] == 0
    assert lived[-1]["state"] == "SUSPENDED"


def test_many_parts_a_second_are_carried_as_well() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    bottles = RUN._replace(order=Order("bottle", 0.3))
    live(conveyor, 120, bottles)
    before = conveyor.finished
    live(conveyor, 600, bottles)
    assert conveyor.finished - before == pytest.approx(2000, abs=8)


def test_its_start_is_a_peak_of_current_and_power() -> None:
    lived = live(Conveyor("c", 1, FLAWLESS), 120, RUN)
    for name in ("motor_current", "power"):
        values = floats(lived, name)
        assert max(values) > 2 * mean(values[-30:])


def test_a_loaded_belt_draws_more_than_an_empty_one() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    powers = floats(live(conveyor, 600, RUN._replace(order=Order("engine", 6.0))), "power")
    assert powers[-1] > powers[20] > 0.1


def test_the_bearing_warms_up_in_some_quarters_of_an_hour_and_cools_again() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    warm = floats(live(conveyor, 5400, RUN), "bearing_temperature")
    cold = floats(live(conveyor, 5400, RUN._replace(planned=False)), "bearing_temperature")
    assert 28 < warm[-1] < 50
    assert warm[900] - warm[0] == pytest.approx(0.63 * (warm[-1] - warm[0]), rel=0.1)
    assert cold[-1] == pytest.approx(21.0, abs=0.5)


def test_its_vibration_is_that_of_a_sound_drive() -> None:
    vibrations = floats(live(Conveyor("c", 1, FLAWLESS), 900, RUN), "bearing_vibration")
    assert 0.5 < mean(vibrations[60:]) < 2.8
    assert vibrations[0] == 0


def test_slow_parts_come_half_as_long_again_apart() -> None:
    conveyor = Conveyor("c", 1, FLAWLESS)
    slow = RUN._replace(troubles=frozenset({"slow"}))
    live(conveyor, 120, slow)
    before = conveyor.finished
    live(conveyor, 600, slow)
    assert conveyor.finished - before == pytest.approx(200, abs=2)


def test_parts_are_conserved_in_each_second_of_a_bad_day() -> None:
    conveyor = Conveyor("c", 2, Reliability(mtbf=900, mttr=60, stops=120, stop=20, scrap=0.1))
    for second in range(6000):
        supply, room = second // 40 % 3, second // 90 % 2
        conveyor.step(RUN._replace(time_ns=second, supply=supply, room=room, planned=second % 2000 < 1800))
        assert conveyor.taken == conveyor.finished + conveyor.in_work
        assert conveyor.took <= supply
        assert conveyor.gave <= room


def test_its_counter_never_runs_backwards() -> None:
    conveyor = Conveyor("c", 2)
    counts = floats(live(conveyor, 3600, RUN), "part_count")
    assert all(before <= after for before, after in pairwise(counts))
