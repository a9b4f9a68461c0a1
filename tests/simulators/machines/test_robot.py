"""A six-axis robot: what someone who programs robots would check."""

from __future__ import annotations

import pytest

from simulators.machines.device import Order
from simulators.machines.robot import Robot
from simulators.machines.robot_arm import FASTEST, HOME, motion
from simulators.machines.robot_programs import program
from simulators.machines.states import Reliability
from tests.simulators.machines.watching import Watch

NEVER = 1e12
SMOOTH = Reliability(mtbf=NEVER, stops=NEVER, scrap=0.0, loss=0.02)
AXES = range(1, 7)
PRODUCTS = [f"part {number}" for number in range(25)]
WELDED = next(product for product in PRODUCTS if len(program(product, 9.0).moves) == 3)
HANDLED = next(product for product in PRODUCTS if len(program(product, 9.0).moves) > 3)


@pytest.fixture(scope="module")
def shift() -> Watch:
    """Two hours of handling, then a break of one."""
    watch = Watch(Robot("robot-1", 3, SMOOTH), Order(HANDLED, 9.0))
    watch.live(2 * 3600)
    watch.live(3600, planned=False)
    return watch


@pytest.mark.parametrize("seconds", [1.0, 3.0, 9.0, 45.0])
@pytest.mark.parametrize("product", PRODUCTS)
def test_no_axis_is_faster_than_it_can_be(product: str, seconds: float) -> None:
    for move in program(product, seconds).moves:
        speeds = [motion(move, done / 20, 1.0).speeds for done in range(21)]
        for axis, limit in enumerate(FASTEST):
            assert max(abs(speed[axis]) for speed in speeds) <= limit * 3.1416 / 180 * 1.001


@pytest.mark.parametrize("product", PRODUCTS)
def test_each_move_begins_where_the_one_before_ends_and_the_last_ends_at_home(product: str) -> None:
    at = HOME
    for move in program(product, 9.0).moves:
        assert move.begin == pytest.approx(at)
        at = move.end
    assert at == pytest.approx(HOME)


@pytest.mark.parametrize("seconds", [1.0, 9.0, 45.0])
def test_a_program_fits_into_its_cycle(seconds: float) -> None:
    assert all(program(product, seconds).phases.seconds <= seconds for product in PRODUCTS)


def test_torque_is_what_moves_the_arm_and_holds_it() -> None:
    move = program(HANDLED, 9.0).moves[0]
    begin, middle = motion(move, 0.2, 1.0), motion(move, 0.8, 1.0)
    way = move.end[0] - move.begin[0]
    assert begin.torques[0] * way > 0  # axis 1 turns upright: no gravity, it is driven first
    assert middle.torques[0] * way < begin.torques[0] * way  # and then braked


def test_it_carries_its_payload_from_pick_to_place_only(shift: Watch) -> None:
    for _, values in shift.during(state="EXECUTE"):
        assert (float(values["payload"]) > 0) == (values["program_phase"] in ("transfer", "place"))


def test_a_welding_robot_moves_slowly_along_its_seam() -> None:
    watch = Watch(Robot("robot-1", 3, SMOOTH), Order(WELDED, 20.0))
    watch.live(600)
    seams = [float(values["tool_speed"]) for _, values in watch.during(program_phase="weld")]
    ways = [float(values["tool_speed"]) for _, values in watch.during(program_phase="approach")]
    assert max(seams) < 150 < max(ways)


def test_main_axes_carry_the_weight_also_at_rest(shift: Watch) -> None:
    waits = [values for _, values in shift.during(program_phase="wait", drives_on=True)]
    assert all(float(values["torque_3"]) > 100 for values in waits)
    assert all(values["torque_1"] == 0.0 for values in waits)


def test_with_the_drives_off_the_brakes_hold_it(shift: Watch) -> None:
    rests = [values for _, values in shift.during(drives_on=False)]
    assert len(rests) > 3000
    assert all(values[f"torque_{axis}"] == 0.0 for values in rests for axis in AXES)


def test_motors_warm_up_over_an_hour_and_cool_in_a_break(shift: Watch) -> None:
    for axis in AXES:
        temperature = shift.numbers(f"motor_temperature_{axis}")
        assert temperature[3600] > temperature[600] + 5
        assert 35 < temperature[7199] < 80
        assert temperature[-1] < temperature[7199] - 8


def test_it_draws_more_in_motion_than_at_rest_and_little_asleep(shift: Watch) -> None:
    assert 0.5 < sum(shift.powers[600:7200]) / 6600 < 1.5
    assert shift.powers[-1] < 0.1


def test_power_peaks_in_the_second_in_which_the_drives_are_switched_on(shift: Watch) -> None:
    on = shift.first(drives_on=True)
    assert shift.powers[on] > 1.5 > max(shift.powers[on + 1 : on + 10])


def test_slowed_it_runs_at_two_thirds_of_its_speed() -> None:
    watch = Watch(Robot("robot-1", 3, SMOOTH), Order(HANDLED, 9.0))
    watch.live(300, troubles=frozenset({"slow"}))
    assert watch.seconds[-1]["speed_override"] == 67
    assert 13.5 <= float(watch.seconds[-1]["cycle_time"]) < 17


def test_with_no_parts_it_rests_on_its_brakes_after_a_while() -> None:
    watch = Watch(Robot("robot-1", 3, SMOOTH), Order(HANDLED, 9.0))
    watch.live(120)
    watch.live(60, supply=0)
    assert watch.seconds[-1]["state"] == "SUSPENDED"
    assert watch.seconds[-1]["drives_on"] is False
    assert watch.powers[-1] < 0.3
