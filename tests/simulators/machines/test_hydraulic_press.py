"""A hydraulic press: what someone who keeps presses running would check."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.device import Order
from simulators.machines.hydraulic_press import HydraulicPress, stroke
from simulators.machines.states import Reliability
from tests.simulators.machines.watching import Watch

NEVER = 1e12
SMOOTH = Reliability(mtbf=NEVER, stops=NEVER, scrap=0.0, loss=0.03)


@pytest.fixture(scope="module")
def shift() -> Watch:
    """Three hours of pressing, then a break of one."""
    watch = Watch(HydraulicPress("press-1", 3, SMOOTH), Order("door", 12.0))
    watch.live(3 * 3600)
    watch.live(3600, planned=False)
    return watch


def test_force_is_pressure_times_the_area_of_the_piston(shift: Watch) -> None:
    for values in shift.seconds:
        assert float(values["force"]) == pytest.approx(float(values["cylinder_pressure"]) * 10)  # kN for 1000 cm2


def test_there_is_force_only_below_the_sheet(shift: Watch) -> None:
    contact = stroke("door", 12.0).contact
    for values in shift.seconds:
        if float(values["force"]) > 0:
            assert float(values["ram_position"]) <= contact


def test_it_goes_down_quickly_and_presses_slowly(shift: Watch) -> None:
    approach = [float(values["ram_speed"]) for _, values in shift.during(press_phase="approach")]
    press = [float(values["ram_speed"]) for _, values in shift.during(press_phase="press")]
    assert max(approach) > 300
    assert 0 < max(press) < 60


def test_pressure_is_let_go_before_it_returns(shift: Watch) -> None:
    returns = [values for _, values in shift.during(press_phase="return")]
    assert len(returns) > 500
    assert all(values["force"] == 0.0 and float(values["ram_speed"]) <= 0 for values in returns)


def test_strokes_are_counted_as_parts_are(shift: Watch) -> None:
    strokes, parts = shift.numbers("stroke_count"), shift.numbers("part_count")
    assert {a - b for a, b in zip(strokes, parts, strict=True)} == {strokes[0]}


def test_the_pump_loads_the_accumulator_between_two_pressures(shift: Watch) -> None:
    pressures = shift.numbers("system_pressure", 600, 3 * 3600)
    assert 195 < min(pressures) < 215
    assert 250 <= max(pressures) < 260
    for before, after in pairwise(shift.seconds[600 : 3 * 3600]):
        if after["pump_loaded"] and not before["pump_loaded"]:
            assert float(before["system_pressure"]) <= 215


def test_a_loaded_pump_draws_five_times_what_an_unloaded_one_does(shift: Watch) -> None:
    loaded = [shift.powers[n] for n, _ in shift.during(state="EXECUTE", pump_loaded=True) if n > 600]
    unloaded = [shift.powers[n] for n, _ in shift.during(state="EXECUTE", pump_loaded=False) if n > 600]
    assert 50 < min(loaded) < max(loaded) < 70
    assert 9 < min(unloaded) < max(unloaded) < 13


def test_the_motor_peaks_in_the_second_of_its_start_only(shift: Watch) -> None:
    assert [second for second, power in enumerate(shift.powers) if power > 75] == [shift.first(pump_on=True)]


def test_oil_warms_up_and_is_then_kept_between_two_temperatures(shift: Watch) -> None:
    oil = shift.numbers("oil_temperature")
    assert oil[0] < 25
    assert 44.5 < min(oil[2 * 3600 : 3 * 3600]) < max(oil[2 * 3600 : 3 * 3600]) < 51


def test_the_cooler_switches_some_times_an_hour(shift: Watch) -> None:
    cooler = [bool(values["cooler_on"]) for values in shift.seconds[2 * 3600 : 3 * 3600]]
    assert 2 <= sum(after and not before for before, after in pairwise(cooler)) <= 12


def test_the_pump_is_switched_off_after_ten_minutes_of_rest(shift: Watch) -> None:
    pump = [bool(values["pump_on"]) for values in shift.seconds[3 * 3600 :]]
    assert pump[:590] == [True] * 590
    assert not any(pump[620:])
    assert shift.powers[-1] < 0.2


def test_without_the_pump_the_accumulator_loses_its_pressure_slowly(shift: Watch) -> None:
    pressures = shift.numbers("system_pressure", 3 * 3600 + 620)
    assert all(before >= after for before, after in pairwise(pressures))
    assert 0 < pressures[1000] < pressures[0]


def test_oil_that_is_in_the_accumulator_is_not_in_the_tank(shift: Watch) -> None:
    full = max(shift.seconds[:11_000], key=lambda values: float(values["system_pressure"]))
    assert float(full["oil_level"]) == min(shift.numbers("oil_level"))


def test_a_quick_press_has_a_short_stroke_that_its_pump_can_feed() -> None:
    watch = Watch(HydraulicPress("press-1", 3, SMOOTH), Order("clip", 2.0))
    watch.live(1800)
    assert max(watch.numbers("ram_position", 60)) < 300
    assert min(watch.numbers("system_pressure", 60)) > 205


def test_held_it_stands_still_without_force() -> None:
    watch = Watch(HydraulicPress("press-1", 3, SMOOTH), Order("door", 12.0))
    watch.live(100)
    watch.live(60, troubles=frozenset({"minor_stop"}))
    held = watch.seconds[-30:]
    assert {values["force"] for values in held} == {0.0}
    assert len({values["ram_position"] for values in held}) == 1
