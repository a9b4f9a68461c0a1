"""The automated guided vehicle: missions, battery, and charging."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.agv import CHARGER, Agv, mission, open_voltage, way
from simulators.machines.device import Order, Surroundings
from simulators.machines.packml import State
from simulators.machines.states import Reliability
from tests.simulators.machines.living import floats, live, mean

ORDER = Order("pallet", 90.0)
RUN = Surroundings(0, order=ORDER)
BREAK = RUN._replace(planned=False)
FLAWLESS = Reliability(mtbf=1e12, stops=1e12, scrap=0.0, loss=0.0)


def test_it_brings_a_load_each_ideal_cycle() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 3700, RUN)
    assert agv.finished in {40, 41}


def test_a_move_begins_and_ends_at_rest_and_covers_all_of_its_way() -> None:
    assert (way(0.0, 0.2), way(0.5, 0.2), way(1.0, 0.2)) == (0, 0.5, 1)
    assert way(0.01, 0.2) < 0.001
    assert all(way(n / 100, 0.2) <= way((n + 1) / 100, 0.2) for n in range(100))


def test_speed_is_the_way_of_a_second_and_never_above_what_is_allowed() -> None:
    lived = live(Agv("a", 1), 3600, RUN)
    for before, after in pairwise(lived):
        east, north = (float(after[axis]) - float(before[axis]) for axis in ("x", "y"))
        assert (east**2 + north**2) ** 0.5 == pytest.approx(float(after["speed"]), abs=1e-6)
        assert float(after["speed"]) <= 1.7 + 1e-9
        assert float(after["speed"]) - float(before["speed"]) <= 0.7 + 1e-9


def test_it_picks_its_load_up_at_one_place_and_sets_it_down_at_the_other() -> None:
    moves = mission("pallet", 90.0)
    pick, drop = moves[2].start, moves[5].start
    lived = live(Agv("a", 1, FLAWLESS), 3600, RUN)
    for before, after in pairwise(lived):
        place = (float(after["x"]), float(after["y"]))
        if not before["payload"] and after["payload"]:
            assert place == pytest.approx(pick)
        elif before["payload"] and not after["payload"]:
            assert place == pytest.approx(drop, abs=0.5)
    assert max(floats(lived, "payload")) == moves[2].load


def test_without_room_it_waits_with_its_load_where_it_would_set_it_down() -> None:
    agv = Agv("a", 1, FLAWLESS)
    moves = mission("pallet", 90.0)
    waiting = live(agv, 600, RUN._replace(room=0))[-1]
    assert (waiting["state"], waiting["payload"]) == ("SUSPENDED", moves[5].load)
    assert (waiting["x"], waiting["y"]) == pytest.approx(moves[5].end)
    live(agv, 10, RUN)
    assert agv.finished == 1


def test_without_supply_it_waits_at_the_charger() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 140, RUN)
    waiting = live(agv, 600, RUN._replace(supply=0))[-1]
    assert (waiting["state"], waiting["payload"]) == ("SUSPENDED", 0.0)
    assert (waiting["x"], waiting["y"]) == CHARGER


def test_after_a_break_it_first_goes_back_to_where_it_was_interrupted() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 80, RUN)
    done, (x, y) = agv.progress, (agv._x, agv._y)
    live(agv, 600, BREAK)
    seconds = 0
    while agv.progress == done:
        live(agv, 1, RUN)
        seconds += 1
    assert (agv._x, agv._y) == pytest.approx((x, y), abs=6)
    assert 10 < seconds < 40


def test_an_obstacle_stops_it_where_it_is() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 140, RUN)
    held = live(agv, 20, RUN._replace(troubles=frozenset({"minor_stop"})))[3:]
    assert agv.state is State.HELD
    assert {values["speed"] for values in held} == {0.0}
    assert (agv.values()["x"], agv.values()["y"]) != CHARGER


def test_power_is_drawn_from_the_grid_only_while_it_charges_at_the_charger() -> None:
    agv = Agv("a", 1)
    lived = [*live(agv, 3600, RUN), *live(agv, 900, BREAK), *live(agv, 1800, RUN)]
    assert any(values["charging"] for values in lived)
    for values in lived:
        assert bool(values["power"]) == values["charging"]
        if values["charging"]:
            assert (values["x"], values["y"]) == CHARGER
            assert float(values["battery_current"]) > 0


def test_driving_empties_the_battery_and_a_break_fills_it() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 60, RUN)
    charges = floats(live(agv, 7200, RUN), "battery_charge")
    assert all(after <= before for before, after in pairwise(charges))
    assert 5 < charges[0] - charges[-1] < 30
    assert floats(live(agv, 1800, BREAK), "battery_charge")[-1] > charges[-1] + 5


def test_with_a_low_battery_it_ends_its_mission_and_is_held_at_the_charger() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 300, RUN)
    agv._charge = 25.2
    lived = live(agv, 6000, RUN)
    held = [values for values in lived if values["charging"]]
    assert {values["state"] for values in held} <= {"HELD", "UNHOLDING", "EXECUTE"}
    assert {values["payload"] for values in held} == {0.0}
    assert min(floats(lived, "battery_charge")) > 20
    assert max(floats(lived, "battery_charge")) == pytest.approx(80, abs=1)
    assert lived[-1]["state"] == "EXECUTE"
    assert agv.taken == agv.finished + agv.in_work


def test_charging_is_constant_current_and_then_falls() -> None:
    agv = Agv("a", 1, FLAWLESS)
    agv._charge = 60.0
    charging = [values for values in live(agv, 5400, BREAK) if values["charging"]]
    currents = floats(charging, "battery_current")
    assert currents[0] == currents[1000] == 40
    assert currents[-1] < 6
    assert max(floats(charging, "power")) < 3


def test_what_charging_stores_is_less_than_what_the_grid_gave() -> None:
    agv = Agv("a", 1, FLAWLESS)
    agv._charge = 60.0
    live(agv, 5400, BREAK)
    stored = (agv._charge - 60) / 100 * 80 * 53 / 1000
    assert 0.75 < stored / agv.energy < 0.95


def test_the_open_voltage_is_flat_in_the_middle_and_rises_everywhere() -> None:
    volts = [open_voltage(charge) for charge in range(101)]
    assert all(low < high for low, high in pairwise(volts))
    assert volts[90] - volts[20] < 2
    assert volts[20] - volts[0] > 5


def test_voltage_dips_under_load_and_stands_higher_while_it_charges() -> None:
    agv = Agv("a", 1, FLAWLESS)
    live(agv, 100, RUN)
    driving = mean(floats(live(agv, 300, RUN), "battery_voltage"))
    live(agv, 60, BREAK)
    assert mean(floats(live(agv, 60, BREAK), "battery_voltage")) > driving + 0.5


def test_after_its_shift_it_stands_at_the_charger_and_is_full_in_the_morning() -> None:
    agv = Agv("a", 1)
    live(agv, 3600, RUN)
    lived = live(agv, 9000, BREAK)
    assert (lived[-1]["x"], lived[-1]["y"]) == CHARGER
    assert float(lived[-1]["battery_charge"]) > 95
