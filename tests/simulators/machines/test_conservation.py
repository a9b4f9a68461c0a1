"""What holds for every kind of machine, whatever happens to it: it conserves parts and energy, and is a function."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines import MACHINES
from simulators.machines.device import STEP_NS, Device, Order, Surroundings
from simulators.machines.signal import Value
from simulators.machines.unit import TROUBLES, Unit

ROOT = Path(__file__).parents[3]
BEGIN_NS = 1_760_000_000 * STEP_NS
TYPES = {"float": float, "int": int, "bool": bool, "text": str}
UNITS = sorted(kind for kind, machine in MACHINES.items() if issubclass(machine, Unit))
DEVICES = sorted(MACHINES)

ORDERS = st.one_of(
    st.none(), st.builds(Order, product=st.sampled_from(["bracket", "cover", "lid"]), ideal_cycle=st.floats(0.3, 90.0))
)
SOME = st.integers(0, 3) | st.integers(4, 200) | st.just(10**9)


SURROUNDINGS = st.builds(
    Surroundings,
    time_ns=st.just(0),
    planned=st.booleans() | st.just(value=True),
    order=ORDERS,
    supply=SOME,
    room=SOME,
    ambient=st.floats(5.0, 40.0),
    humidity=st.floats(10.0, 95.0),
    troubles=st.frozensets(st.sampled_from(TROUBLES), max_size=1),
    load=st.floats(0.0, 900.0),
    air_demand=st.floats(0.0, 20.0),
    air_pressure=st.floats(0.0, 10.0),
)
AT_WORK = Surroundings(0, order=Order("lid", 5.0), load=50.0, air_demand=5.0)

Course: TypeAlias = tuple[int, list[tuple[int, Surroundings]]]
"""For how many seconds it works undisturbed before, which warms up what must be warm; then what lasts how long."""

COURSES: st.SearchStrategy[Course] = st.tuples(
    st.sampled_from((0, 0, 5400)), st.lists(st.tuples(st.integers(1, 600), SURROUNDINGS), min_size=1, max_size=10)
)


def seconds(course: Course) -> list[Surroundings]:
    """Return the surroundings of each second."""
    before, then = course
    all_ = [surroundings for lasts, surroundings in [(before, AT_WORK), *then] for _ in range(lasts)]
    return [surroundings._replace(time_ns=BEGIN_NS + n * STEP_NS) for n, surroundings in enumerate(all_, 1)]


def lived(kind: str, seed: int, course: Course, name: str = "m") -> list[dict[str, Value]]:
    """Return what a machine tells every twenty seconds of its course."""
    machine = MACHINES[kind](name, seed)
    told = []
    for number, surroundings in enumerate(seconds(course)):
        machine.step(surroundings)
        if number % 20 == 0:
            told.append(machine.read())
    return told


@pytest.mark.parametrize("kind", UNITS)
@settings(max_examples=10, deadline=None)
@given(course=COURSES, seed=st.integers(0, 9))
def test_parts_taken_are_parts_given_and_parts_in_work(kind: str, course: Course, seed: int) -> None:
    machine = MACHINES[kind]("m", seed)
    assert isinstance(machine, Unit)
    came = went = 0
    for surroundings in seconds(course):
        machine.step(surroundings)
        assert 0 <= machine.took <= surroundings.supply
        assert 0 <= machine.gave <= surroundings.room
        came += machine.took
        went += machine.gave
        assert came == machine.taken == machine.finished + machine.in_work
        assert went == machine.finished - machine.rejected
        assert machine.in_work >= 0


@pytest.mark.parametrize("kind", UNITS)
@settings(max_examples=10, deadline=None)
@given(course=COURSES, seed=st.integers(0, 9))
def test_the_truth_accounts_for_every_second_and_every_kilowatt_hour(kind: str, course: Course, seed: int) -> None:
    machine = MACHINES[kind]("m", seed)
    assert isinstance(machine, Unit)
    for surroundings in seconds(course):
        machine.step(surroundings)
    truth = machine.truth
    assert sum(truth.seconds.values()) == len(seconds(course))
    assert truth.planned == sum(surroundings.planned for surroundings in seconds(course))
    assert truth.running <= truth.planned
    assert sum(truth.energy.values()) == pytest.approx(machine.energy)


@pytest.mark.parametrize("kind", DEVICES)
@settings(max_examples=10, deadline=None)
@given(course=COURSES, seed=st.integers(0, 9))
def test_energy_is_the_integral_of_power_which_is_never_negative(kind: str, course: Course, seed: int) -> None:
    machine = MACHINES[kind]("m", seed)
    powers = []
    for surroundings in seconds(course):
        machine.step(surroundings)
        powers.append(machine.power)
    assert min(powers) >= 0
    assert machine.energy == pytest.approx(math.fsum(powers) / 3600, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", DEVICES)
@settings(max_examples=10, deadline=None)
@given(course=COURSES, seed=st.integers(0, 9))
def test_values_are_those_of_the_signals_in_their_order_and_of_their_types(
    kind: str, course: Course, seed: int
) -> None:
    machine = MACHINES[kind]("m", seed)
    for number, surroundings in enumerate(seconds(course)):
        machine.step(surroundings)
        if number % 10 == 0:
            for values in (machine.values(), machine.read()):
                assert list(values) == [signal.name for signal in machine.signals]
                for signal in machine.signals:
                    value = values[signal.name]
                    assert type(value) is TYPES[signal.type], signal.name
                    assert not isinstance(value, float) or math.isfinite(value), signal.name


@pytest.mark.parametrize("kind", DEVICES)
@settings(max_examples=5, deadline=None)
@given(course=COURSES, seed=st.integers(0, 9))
def test_the_same_seed_and_surroundings_give_the_same_values(kind: str, course: Course, seed: int) -> None:
    assert lived(kind, seed, course) == lived(kind, seed, course)


@pytest.mark.parametrize("kind", DEVICES)
@settings(max_examples=5, deadline=None)
@given(course=COURSES, seed=st.integers(0, 9))
def test_to_look_at_a_machine_does_not_change_its_course(kind: str, course: Course, seed: int) -> None:
    looked_at, alone = MACHINES[kind]("m", seed), MACHINES[kind]("m", seed)
    for surroundings in seconds(course):
        looked_at.step(surroundings)
        alone.step(surroundings)
        looked_at.values()
        looked_at.read()
    assert looked_at.values() == alone.values()


@pytest.mark.parametrize("kind", DEVICES)
def test_another_seed_or_name_makes_another_machine(kind: str) -> None:
    course: Course = (7200, [])
    values = lived(kind, 1, course)
    assert lived(kind, 2, course) != values
    assert lived(kind, 1, course, "n") != values


@pytest.mark.parametrize("kind", DEVICES)
def test_another_process_sees_the_same_values(kind: str) -> None:
    program = f"""
from simulators.machines import MACHINES
from simulators.machines.device import Order, Surroundings
machine = MACHINES[{kind!r}]("m", 5)
for second in range(2000):
    machine.step(Surroundings(second * 10**9, order=Order("lid", 3.0), load=50.0, air_demand=5.0))
print(machine.read())
"""
    told = {
        subprocess.check_output(
            [sys.executable, "-c", program], text=True, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed}
        )
        for hash_seed in ("1", "2")
    }
    assert len(told) == 1


@pytest.mark.parametrize("kind", DEVICES)
def test_each_machine_says_what_it_measures(kind: str) -> None:
    machine: type[Device] = MACHINES[kind]
    assert machine.kind == kind
    assert machine.title
    names = [signal.name for signal in machine.signals]
    assert len(set(names)) == len(names)
    for signal in machine.signals:
        assert signal.name == signal.name.lower()
        assert signal.description
        assert not signal.description.endswith(".")
        assert signal.unit == "" or signal.type in ("float", "int")


@pytest.mark.parametrize("kind", UNITS)
def test_a_step_ends_however_short_a_cycle_is_ordered(kind: str) -> None:
    unit = MACHINES[kind]("machine", 1)
    for second in range(1, 200):
        unit.step(Surroundings(second * 10**9, order=Order("lid", 1e-12)))
        assert isinstance(unit, Unit)
        assert unit.took <= max(21, unit.batch * 21)
