"""The machines of the bottling line: speed, start, product, and how they get on with each other."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, stdev

import pytest

from simulators.machines.conveyor import Conveyor
from simulators.machines.device import PLENTY, Order, Surroundings
from simulators.machines.packaging import Capper, CasePacker, Filler, Labeller
from simulators.machines.packaging_machine import PackagingMachine, bottle
from simulators.machines.packml import State
from simulators.machines.states import Reliability
from simulators.machines.unit import Unit
from tests.simulators.machines.living import floats, live, mean

ORDER = Order("water-05", 0.4)
RUN = Surroundings(0, order=ORDER)
FLAWLESS = Reliability(mtbf=1e12, stops=1e12, scrap=0.0, loss=0.0)
KINDS = [Filler, Capper, Labeller, CasePacker]


@pytest.mark.parametrize("kind", KINDS)
def test_with_plenty_on_both_sides_it_reaches_its_ideal_cycle(kind: type[PackagingMachine]) -> None:
    machine = kind("m", 1, FLAWLESS)
    live(machine, 60, RUN)
    before = machine.finished
    speeds = floats(live(machine, 600, RUN), "machine_speed")
    assert machine.finished - before == pytest.approx(600 / 0.4, abs=12)
    assert mean(speeds) == pytest.approx(150, rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_with_little_supply_it_creeps(kind: type[PackagingMachine]) -> None:
    machine = kind("m", 1, FLAWLESS)
    speeds = floats(live(machine, 120, RUN._replace(supply=12)), "machine_speed")
    assert 60 < speeds[-1] < 120


@pytest.mark.parametrize("kind", KINDS)
def test_with_little_room_it_creeps(kind: type[PackagingMachine]) -> None:
    machine = kind("m", 1, FLAWLESS)
    speeds = floats(live(machine, 120, RUN._replace(room=12)), "machine_speed")
    assert 60 < speeds[-1] < 120


@pytest.mark.parametrize("kind", KINDS)
def test_speed_runs_up_and_never_jumps(kind: type[PackagingMachine]) -> None:
    machine = kind("m", 1, FLAWLESS)
    speeds = floats(live(machine, 90, RUN), "machine_speed")
    assert max(after - before for before, after in pairwise(speeds)) < 60
    assert speeds[-1] > 145


@pytest.mark.parametrize("kind", KINDS)
def test_the_pump_that_starts_directly_shows_its_surge_and_no_other(kind: type[PackagingMachine]) -> None:
    currents = floats(live(kind("m", 1, FLAWLESS), 300, RUN), "drive_current")
    start = next(second for second, current in enumerate(currents) if current)
    assert currents[start] > 2.5 * max(currents[start + 1 :])


@pytest.mark.parametrize("kind", KINDS)
def test_waiting_costs_less_than_running_and_sleeping_least(kind: type[PackagingMachine]) -> None:
    machine = kind("m", 1, FLAWLESS)
    running = floats(live(machine, 300, RUN), "power")[-100:]
    waiting = floats(live(machine, 300, RUN._replace(supply=0)), "power")[-100:]
    asleep = floats(live(machine, 300, RUN._replace(planned=False)), "power")[-100:]
    assert 0 < mean(asleep) < 0.15 < mean(waiting) < 0.7 * mean(running)


@pytest.mark.parametrize("kind", KINDS)
def test_without_compressed_air_it_is_held_until_it_is_back(kind: type[PackagingMachine]) -> None:
    machine = kind("m", 1, FLAWLESS)
    live(machine, 60, RUN)
    assert machine.air > 0.08
    live(machine, 600, RUN._replace(air_pressure=3.8))
    assert machine.state is State.HELD
    assert machine.finished == machine.taken - machine.in_work
    live(machine, 120, RUN)
    assert machine.runs


def test_fill_weights_scatter_closely_above_the_nominal_weight() -> None:
    lived = live(Filler("filler", 3, FLAWLESS), 1800, RUN)[60:]
    nominal = bottle("water-05").weight
    weights = floats(lived, "fill_weight")
    assert 1.003 < fmean(weights) / nominal < 1.01
    assert stdev(weights) / nominal < 0.006
    assert min(weights) > 0.97 * nominal


def test_an_underfilled_bottle_is_rejected_in_the_same_second() -> None:
    lived = live(Filler("filler", 3), 3600, RUN)
    nominal = bottle("water-05").weight
    rejects = [0, *floats(lived, "reject_count")]
    for second, values in enumerate(lived):
        if rejects[second + 1] > rejects[second]:
            assert float(values["fill_weight"]) < 0.975 * nominal
    assert rejects[-1] > 5


def test_the_product_is_cold_while_it_flows_and_warms_up_as_it_stands() -> None:
    filler = Filler("filler", 3, FLAWLESS)
    flowing = floats(live(filler, 1200, RUN), "product_temperature")[-1]
    standing = floats(live(filler, 1800, RUN._replace(planned=False)), "product_temperature")[-1]
    assert flowing == pytest.approx(6.0, abs=0.3)
    assert 8 < standing < 20


def test_caps_go_down_one_by_one_and_are_refilled() -> None:
    levels = floats(live(Capper("capper", 3, FLAWLESS), 6000, RUN), "cap_level")
    assert min(levels) > 19
    assert sum(after > before + 50 for before, after in pairwise(levels)) in {1, 2}


def test_clutches_that_warm_up_cost_some_torque() -> None:
    lived = live(Capper("capper", 3, FLAWLESS), 6000, RUN)
    torques = floats(lived, "torque")
    wanted = bottle("water-05").torque
    assert float(lived[-1]["head_temperature"]) > float(lived[60]["head_temperature"]) + 15
    assert 0.01 < (mean(torques[60:360]) - mean(torques[-600:])) / wanted < 0.06


def test_a_reel_is_spliced_without_a_stop() -> None:
    labeller = Labeller("labeller", 3, FLAWLESS)
    lived = live(labeller, 3600, RUN)
    left = floats(lived, "labels_left")
    assert sum(after > before for before, after in pairwise(left)) in {2, 3}
    assert {values["state"] for values in lived[60:]} == {"EXECUTE"}


def test_labels_that_are_good_sit_within_a_millimetre_and_a_half() -> None:
    assert max(map(abs, floats(live(Labeller("labeller", 3, FLAWLESS), 1800, RUN), "label_offset"))) < 1.5


def test_a_case_holds_twelve_bottles_and_weighs_as_much() -> None:
    packer = CasePacker("packer", 3, FLAWLESS)
    lived = live(packer, 600, RUN)
    one = bottle("water-05")
    assert packer.finished == 12 * int(lived[-1]["case_count"])
    assert float(lived[-1]["case_weight"]) == pytest.approx(0.3 + 12 * (one.weight + one.empty) / 1000, rel=0.02)


def test_a_bad_case_is_rejected_as_a_whole() -> None:
    packer = CasePacker("packer", 3, FLAWLESS._replace(scrap=0.2))
    live(packer, 1200, RUN)
    assert packer.rejected % 12 == 0
    assert 0.1 < packer.rejected / packer.finished < 0.3


def test_the_cups_suck_only_while_they_lift() -> None:
    lifts = floats(live(CasePacker("packer", 3, FLAWLESS), 300, RUN), "vacuum")[60:]
    assert min(lifts) < -0.45
    assert max(lifts) > -0.3


def run_line(machines: list[Unit], seconds: int, buffer: int, *, broken: Unit | None = None) -> list[int]:
    """Let machines work one behind the other with room for so many parts between them; return what lies there."""
    between = [0] * (len(machines) - 1)
    for second in range(seconds):
        lying = list(between)
        for place, machine in enumerate(machines):
            supply = lying[place - 1] if place else PLENTY
            room = buffer - lying[place] if place < len(between) else PLENTY
            troubles = frozenset({"breakdown"} if machine is broken else ())
            machine.step(RUN._replace(time_ns=second, supply=supply, room=room, troubles=troubles))
            if place:
                between[place - 1] -= machine.took
            if place < len(between):
                between[place] += machine.gave
        assert all(0 <= parts <= buffer for parts in between)
    return between


def a_line() -> list[Unit]:
    """Return a filler, a belt, a capper and a case packer that never fail by themselves."""
    return [
        Filler("f", 1, FLAWLESS),
        Conveyor("c", 1, FLAWLESS),
        Capper("k", 1, FLAWLESS),
        CasePacker("p", 1, FLAWLESS),
    ]


def test_machines_in_a_line_find_a_common_speed_and_lose_no_bottle() -> None:
    line = a_line()
    between = run_line(line, 1800, buffer=60)
    first, last = line[0], line[-1]
    assert last.finished > 0.85 * 1800 / 0.4
    assert first.finished == last.taken + sum(between) + sum(machine.in_work for machine in line[1:-1])
    assert all(machine.truth.seconds[State.SUSPENDED] < 180 for machine in line)


def test_a_breakdown_blocks_what_is_before_it_and_starves_what_is_behind() -> None:
    line = a_line()
    run_line(line, 300, buffer=60)
    run_line(line, 300, buffer=60, broken=line[2])
    filler, belt, capper, packer = line
    assert capper.state is State.ABORTED
    assert filler.state is belt.state is packer.state is State.SUSPENDED
    assert belt.values()["blocked"] is True
