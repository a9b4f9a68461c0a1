"""An injection moulding machine: what a moulder would check."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.device import Order
from simulators.machines.moulding_machine import MouldingMachine
from simulators.machines.states import Reliability
from tests.simulators.machines.watching import Watch

NEVER = 1e12
SMOOTH = Reliability(mtbf=NEVER, stops=NEVER, scrap=0.0, loss=0.01)


@pytest.fixture(scope="module")
def shift() -> Watch:
    """Three hours from a cold start, then a break of two."""
    watch = Watch(MouldingMachine("mould-1", 3, SMOOTH), Order("lid", 7.5))
    watch.live(3 * 3600)
    watch.live(2 * 3600, planned=False)
    return watch


def test_a_cold_barrel_keeps_it_from_starting(shift: Watch) -> None:
    start = shift.first(state="EXECUTE")
    assert 25 * 60 < start < 50 * 60
    assert min(shift.numbers("melt_temperature", start, 3 * 3600)) > 195


def test_heating_up_draws_what_three_zones_are_rated(shift: Watch) -> None:
    assert shift.powers[600] == pytest.approx(12.7)


def test_the_pump_peaks_when_it_starts(shift: Watch) -> None:
    start = shift.first(state="STARTING")
    assert shift.powers[start] > 40
    assert max(shift.powers[start + 1 :]) < 35


def test_a_shot_gives_a_part_for_each_cavity(shift: Watch) -> None:
    counts = shift.numbers("part_count")
    assert {after - before for before, after in pairwise(counts)} == {0, 4}


def test_phases_come_in_their_order(shift: Watch) -> None:
    seen = [str(values["cycle_phase"]) for _, values in shift.during(state="EXECUTE")]
    follows = {before: after for before, after in pairwise(seen) if before != after}
    order = [follows["eject"]]
    while len(order) < 5:
        order.append(follows[order[-1]])
    assert order == ["clamp", "inject", "hold", "cool", "eject"]


def test_pressure_is_greatest_in_filling_and_about_half_in_holding(shift: Watch) -> None:
    peak = float(shift.seconds[10_000]["peak_pressure"])
    for _, values in shift.during(cycle_phase="hold"):
        assert 0.3 * peak < float(values["injection_pressure"]) < 0.65 * peak


def test_the_mould_is_clamped_whenever_there_is_pressure(shift: Watch) -> None:
    for values in shift.seconds:
        if float(values["injection_pressure"]) > 100:
            assert float(values["clamp_force"]) >= 850
            assert values["mould_position"] == 0.0


def test_the_wall_of_the_mould_cools_before_it_opens(shift: Watch) -> None:
    temperatures = shift.numbers("mould_temperature")
    warmed = [second for second in range(9000, 10_000) if temperatures[second] > temperatures[second - 1] + 3]
    assert len(warmed) > 25
    for second in warmed:
        opens = next(later for later in range(second, second + 40) if shift.seconds[later]["cycle_phase"] == "eject")
        assert temperatures[opens] < temperatures[second] - 3


def test_the_cushion_scatters_by_tenths_of_a_millimetre(shift: Watch) -> None:
    cushions = set(shift.numbers("cushion", 7200, 3 * 3600))
    assert len(cushions) > 100
    assert 0.2 < max(cushions) - min(cushions) < 2.0
    assert min(cushions) > 2.0


def test_the_screw_never_passes_its_cushion(shift: Watch) -> None:
    assert min(shift.numbers("screw_position")) >= min(shift.numbers("cushion", 9000, 3 * 3600)) - 0.5


def test_a_cycle_takes_10_to_16_kw_on_average(shift: Watch) -> None:
    assert 10 < sum(shift.powers[2 * 3600 : 3 * 3600]) / 3600 < 16


def test_oil_warms_up_within_an_hour_and_is_kept_below_50_degrees(shift: Watch) -> None:
    oil = shift.numbers("oil_temperature")
    assert oil[shift.first(state="EXECUTE") + 3600] > 42
    assert max(oil) < 50


def test_in_a_break_the_barrel_is_kept_warm_then_set_back_then_off(shift: Watch) -> None:
    barrel = shift.numbers("barrel_temperature_3", 3 * 3600)
    assert barrel[1000] == pytest.approx(barrel[0], abs=3)
    assert barrel[3500] == pytest.approx(barrel[0] - 40, abs=3)
    assert barrel[7199] < barrel[3500] - 50
    assert shift.powers[-1] < 0.2


def test_after_a_short_break_it_needs_no_heating_up() -> None:
    watch = Watch(MouldingMachine("mould-1", 3, SMOOTH), Order("lid", 7.5))
    watch.live(3600)
    watch.live(900, planned=False)
    watch.live(120)
    assert watch.seconds[-1]["state"] == "EXECUTE"


def test_the_first_shots_into_a_cooled_mould_are_often_bad() -> None:
    machine = MouldingMachine("mould-1", 3)
    watch = Watch(machine, Order("lid", 7.5))
    watch.live(3600)
    warm = machine.scrap()
    machine._mould.value -= 6
    assert machine.scrap() > 10 * warm
