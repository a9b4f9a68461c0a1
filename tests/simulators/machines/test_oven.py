"""A continuous oven: what someone who cures paint would check."""

from __future__ import annotations

import pytest

from simulators.machines.device import STEP_NS, Order, Surroundings
from simulators.machines.oven import Oven, curing
from simulators.machines.states import Reliability
from tests.simulators.machines.watching import Watch

NEVER = 1e12
SMOOTH = Reliability(mtbf=NEVER, stops=NEVER, scrap=0.0, loss=0.0)
ORDER = Order("frame", 20.0)
PLAN = curing("frame")
ZONES = (1, 2, 3)


@pytest.fixture(scope="module")
def shift() -> Watch:
    """Four hours from a cold start, then a night of six."""
    watch = Watch(Oven("oven-1", 3, SMOOTH), ORDER)
    watch.live(4 * 3600)
    watch.live(6 * 3600, planned=False)
    return watch


@pytest.fixture
def warm() -> Watch:
    """An oven that is full and in work."""
    watch = Watch(Oven("oven-1", 3, SMOOTH), ORDER)
    watch.live(3 * 3600)
    return watch


def test_it_heats_up_for_about_an_hour_before_it_starts(shift: Watch) -> None:
    start = shift.first(state="EXECUTE")
    assert 50 * 60 < start < 100 * 60
    assert shift.seconds[start]["ready"] is True


def test_heating_up_draws_all_that_the_heaters_are_rated(shift: Watch) -> None:
    assert max(shift.powers[60:1800]) == pytest.approx(3 * 42 + 3 * 4 + 0.8)


def test_fans_start_one_after_the_other_and_the_heaters_with_the_last(shift: Watch) -> None:
    assert shift.powers[:16] == pytest.approx([0.8] * 4 + [12.8] + [4.8] * 4 + [16.8] + [8.8] * 4 + [146.8, 138.8])


def test_it_overshoots_by_little(shift: Watch) -> None:
    for zone in ZONES:
        assert PLAN.temperature < max(shift.numbers(f"zone_temperature_{zone}")) < PLAN.temperature + 4


def test_in_work_its_zones_are_within_a_few_kelvin_of_the_setpoint(shift: Watch) -> None:
    for zone in ZONES:
        temperatures = shift.numbers(f"zone_temperature_{zone}", 2 * 3600, 4 * 3600)
        assert max(abs(temperature - PLAN.temperature) for temperature in temperatures) < 4


def test_the_first_part_comes_out_when_it_has_gone_all_the_way(shift: Watch) -> None:
    start = shift.first(state="EXECUTE")
    first = next(n for n, values in enumerate(shift.seconds) if values["part_count"])
    assert first - start == pytest.approx(PLAN.seconds, abs=3)


def test_full_it_holds_as_many_parts_as_enter_while_one_goes_through(shift: Watch) -> None:
    assert float(shift.seconds[3 * 3600]["parts_inside"]) == pytest.approx(PLAN.seconds / ORDER.ideal_cycle, abs=1.5)


def test_cold_parts_draw_more_heat_from_the_first_zone_than_from_the_others(shift: Watch) -> None:
    first, second, third = (float(shift.seconds[3 * 3600][f"zone_heating_{zone}"]) for zone in ZONES)
    assert first > second + 5
    assert first > third + 5


def test_parts_leave_nearly_as_warm_as_the_air(shift: Watch) -> None:
    assert PLAN.temperature - 15 < float(shift.seconds[3 * 3600]["part_temperature"]) < PLAN.temperature


def test_at_the_end_of_the_shift_it_runs_empty(shift: Watch) -> None:
    emptied = 4 * 3600 + int(PLAN.seconds) + 20
    assert {values["state"] for values in shift.seconds[4 * 3600 + 1 : 4 * 3600 + 100]} == {"COMPLETING"}
    assert shift.seconds[emptied]["parts_inside"] == 0
    assert shift.seconds[emptied]["state"] == "STOPPED"


def test_heat_is_kept_for_a_while_and_then_switched_off(shift: Watch) -> None:
    zone = shift.numbers("zone_temperature_2", 4 * 3600)
    assert zone[3600] == pytest.approx(PLAN.temperature, abs=3)
    assert zone[3 * 3600] < PLAN.temperature - 40


def test_fans_stop_when_it_is_cool_and_it_sleeps(shift: Watch) -> None:
    assert shift.seconds[-1]["fans_on"] == 0
    assert float(shift.seconds[-1]["zone_temperature_1"]) < 90
    assert shift.powers[-1] < 0.2


def test_after_a_break_it_is_ready_at_once(warm: Watch) -> None:
    warm.live(1800, planned=False)
    warm.live(60)
    assert warm.seconds[-1]["state"] == "EXECUTE"


def test_with_no_room_behind_it_the_conveyor_stands(warm: Watch) -> None:
    warm.live(60, room=0)
    count = warm.seconds[-1]["part_count"]
    warm.live(60, room=0)
    assert warm.seconds[-1]["state"] == "SUSPENDED"
    assert warm.seconds[-1]["part_count"] == count
    assert float(warm.seconds[-1]["belt_speed"]) < 0.01


def test_without_supply_what_is_inside_still_comes_out(warm: Watch) -> None:
    warm.live(1200, supply=0)
    assert warm.seconds[-1]["parts_inside"] == 0


def test_parts_that_are_stuck_inside_for_long_are_spoilt(warm: Watch) -> None:
    assert warm.seconds[-1]["reject_count"] == 0
    warm.live(1500, troubles=frozenset({"minor_stop"}))
    warm.live(1000)
    inside = PLAN.seconds / ORDER.ideal_cycle
    assert 0.6 * inside < float(warm.seconds[-1]["reject_count"]) <= inside


def test_no_part_is_lost_or_made_whatever_happens() -> None:
    oven = Oven("oven-1", 3)
    came = went = 0
    for second in range(6 * 3600):
        oven.step(
            Surroundings(
                second * STEP_NS,
                planned=second % 9000 < 8000,
                order=Order("frame" if second < 12_000 else "panel", 8.0),
                supply=second % 7,
                room=second // 600 % 3,
                troubles=frozenset({"breakdown"}) if 15_000 < second < 15_300 else frozenset(),
            )
        )
        came += oven.took
        went += oven.gave
        assert came == oven.taken == oven.finished + oven.in_work
        assert went == oven.finished - oven.rejected
    assert oven.finished > 300


def test_it_is_never_faster_than_ideal(shift: Watch) -> None:
    oven = shift.machine
    assert isinstance(oven, Oven)
    assert oven.truth.ideal <= oven.truth.running + ORDER.ideal_cycle
