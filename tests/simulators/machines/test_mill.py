"""The milling machine: its spindle, its tools and its bearing do what those of a real one do."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.device import Order, Surroundings
from simulators.machines.mill import CncMill, program
from simulators.machines.signal import Value
from simulators.machines.states import Reliability
from simulators.machines.unit import Unit
from tests.simulators.machines.living import floats, live, mean

AT_WORK = Surroundings(0, order=Order("bracket", 60.0))
WITHOUT_ORDER = Surroundings(0)
ASLEEP = Surroundings(0, planned=False)
STEADY = Reliability(mtbf=1e9, stops=1e9, loss=0.0, scrap=0.01)


def a_mill(how: Reliability = STEADY) -> CncMill:
    return CncMill("m", 1, how)


def in_state(lived: list[dict[str, Value]], *states: str) -> list[dict[str, Value]]:
    return [values for values in lived if values["state"] in states]


def test_the_spindle_takes_its_peak_of_power_when_it_starts() -> None:
    lived = live(a_mill(), 3600, AT_WORK)
    fastest = max(program("bracket"), key=lambda operation: operation.speed).tool
    starts = [n for n in range(1, len(lived) - 5) if lived[n]["tool"] == fastest != lived[n - 1]["tool"]]
    assert len(starts) > 50
    peaks, cuts = ([float(lived[n + after]["power"]) for n in starts] for after in (0, 5))
    assert mean(peaks) > 1.3 * mean(cuts)


def test_a_part_is_made_with_the_tools_of_its_program_in_their_order() -> None:
    lived = in_state(live(a_mill(), 600, AT_WORK), "EXECUTE")
    part = [int(values["tool"]) for values in lived if values["part_count"] == 3]
    used = [now for before, now in pairwise([0, *part]) if now != before and now]
    assert used == [operation.tool for operation in program("bracket") if operation.tool]


def test_nothing_cuts_while_tool_or_part_is_changed() -> None:
    for values in live(a_mill(), 600, AT_WORK):
        assert values["tool"] or float(values["spindle_load"]) <= 4


def test_every_product_has_a_program_of_its_own() -> None:
    assert program("bracket") == program("bracket") != program("cover")


def test_tools_wear_until_they_are_worn_out_and_are_changed() -> None:
    wear = floats(live(a_mill(), 6 * 3600, AT_WORK), "tool_wear")
    assert 0.29 < max(wear) < 0.3
    assert min(later - earlier for earlier, later in pairwise(wear)) < -0.05  # a new one
    assert sum(later < earlier for earlier, later in pairwise(wear)) < 40


def test_scrap_grows_with_wear_to_four_times_as_much() -> None:
    mill = a_mill()
    seen = [(float(live(mill, 60, AT_WORK)[-1]["tool_wear"]), mill.scrap()) for _ in range(6 * 60)]
    scraps = [scrap for _, scrap in sorted(seen)]
    assert scraps == sorted(scraps)
    assert 0.01 <= scraps[0] < 0.03 < scraps[-1] < 0.04


def test_dull_tools_take_more_power() -> None:
    mill = a_mill()
    worn = [values for values in live(mill, 4 * 3600, AT_WORK) if values["tool"] == program("bracket")[-1].tool]
    worn.sort(key=lambda values: float(values["tool_wear"]))
    loads = floats(worn, "spindle_load")
    assert mean(loads[-200:]) > mean(loads[:200])


def test_vibration_grows_with_the_load() -> None:
    lived = live(a_mill(), 1800, AT_WORK)
    cutting = [values for values in lived if float(values["spindle_load"]) > 20]
    resting = [values for values in lived if float(values["spindle_speed"]) < 100]
    assert mean(floats(cutting, "vibration")) > 2 * mean(floats(resting, "vibration"))


def test_the_bearing_warms_with_a_time_constant_of_twenty_minutes() -> None:
    lived = floats(live(a_mill(), 3 * 3600, AT_WORK), "temperature")
    cold, warm = lived[0], mean(lived[-1800:])
    assert 8 < warm - cold < 25
    assert (mean(lived[1200 - 60 : 1200 + 60]) - cold) / (warm - cold) == pytest.approx(0.63, abs=0.08)


def test_the_bearing_cools_to_the_hall_when_work_is_over() -> None:
    mill = a_mill()
    live(mill, 3600, AT_WORK)
    assert live(mill, 3 * 3600, ASLEEP)[-1]["temperature"] == pytest.approx(ASLEEP.ambient, abs=0.1)


def test_on_it_draws_its_base_load_and_outside_planned_time_a_quarter_of_it() -> None:
    mill = a_mill()
    assert set(floats(live(mill, 60, WITHOUT_ORDER), "power")) == {1.2}
    assert set(floats(live(mill, 60, ASLEEP), "power")) == {0.3}


def test_at_work_it_draws_several_times_its_base_load() -> None:
    lived = in_state(live(a_mill(), 3600, AT_WORK), "EXECUTE")
    assert 4 < mean(floats(lived, "power")) < 12


def test_the_door_is_open_while_the_part_is_changed_and_never_while_the_spindle_turns() -> None:
    lived = live(a_mill(), 1800, AT_WORK)
    opened = [now for before, now in pairwise(lived) if now["door_open"] and not before["door_open"]]
    assert len(opened) == pytest.approx(int(lived[-1]["part_count"]), abs=2)
    assert all(float(values["spindle_speed"]) < 100 for values in lived if values["door_open"])


def test_the_door_is_closed_while_nobody_does_anything_in_it() -> None:
    mill = a_mill()
    assert not any(values["door_open"] for values in live(mill, 60, ASLEEP) + live(mill, 60, WITHOUT_ORDER))


@pytest.mark.parametrize(("trouble", "state"), [("minor_stop", "HELD"), ("breakdown", "ABORTED")])
def test_the_door_is_open_while_somebody_removes_the_trouble(trouble: str, state: str) -> None:
    mill = a_mill()
    live(mill, 100, AT_WORK)
    lived = live(mill, 120, AT_WORK._replace(troubles=frozenset({trouble})))
    assert in_state(lived, state)[-1]["door_open"] is True


def test_the_door_is_open_while_it_is_set_up_for_another_product() -> None:
    mill = a_mill()
    live(mill, 100, AT_WORK)
    lived = live(mill, 300, AT_WORK._replace(order=Order("cover", 30.0)))
    assert [values for values in lived if values["mode"] == "SETUP" and values["door_open"]]


def test_an_alarm_stands_exactly_while_it_is_broken() -> None:
    lived = live(a_mill(Reliability(mtbf=1800, mttr=300)), 6 * 3600, AT_WORK)
    assert len({values["alarm"] for values in lived}) > 2
    for values in lived:
        assert bool(values["alarm"]) == (values["state"] in ("ABORTING", "ABORTED"))


def test_an_alarm_does_not_change_while_it_stands() -> None:
    lived = live(a_mill(Reliability(mtbf=1800, mttr=300)), 6 * 3600, AT_WORK)
    for before, now in pairwise(lived):
        assert now["alarm"] == before["alarm"] or 0 in (now["alarm"], before["alarm"])


def test_its_usual_reliability_makes_most_of_the_day_productive() -> None:
    mill: Unit = CncMill("m", 1)
    live(mill, 8 * 3600, AT_WORK)
    assert 0.7 < mill.truth.running / mill.truth.planned < 0.99
    assert 0.9 * 8 * 60 * 0.7 < mill.finished < 8 * 60
