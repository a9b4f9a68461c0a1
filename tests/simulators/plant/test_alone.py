"""A machine by itself: a reading belongs to a second, whatever was asked before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines.device import STEP_NS
from simulators.machines.meter import EnergyMeter
from simulators.machines.mill import CncMill
from simulators.plant.alone import Alone

BEGIN_NS = 1_760_000_000 * STEP_NS
DAY_NS = 86_400 * STEP_NS


def a_mill() -> Alone:
    """Return one that has begun."""
    mill = Alone(CncMill("m", 1))
    mill.read(BEGIN_NS)
    return mill


@settings(max_examples=30, deadline=None)
@given(asked=st.lists(st.integers(0, 1_000 * STEP_NS)))
def test_a_reading_does_not_depend_on_what_was_asked_before(asked: list[int]) -> None:
    mill = a_mill()
    for time_ns in sorted(asked):
        mill.read(BEGIN_NS + time_ns)
    end_ns = BEGIN_NS + 1_000 * STEP_NS
    assert mill.read(end_ns) == a_mill().read(end_ns)


def test_within_a_second_it_tells_the_same() -> None:
    mill = a_mill()
    assert mill.read(BEGIN_NS + 5 * STEP_NS) == mill.read(BEGIN_NS + 6 * STEP_NS - 1)
    assert mill.read(BEGIN_NS + 5 * STEP_NS) != mill.read(BEGIN_NS + 6 * STEP_NS)


def test_it_begins_when_it_is_asked_first() -> None:
    assert a_mill().read(BEGIN_NS)["state"] == "STOPPED"
    assert Alone(CncMill("m", 1)).read(BEGIN_NS + DAY_NS // 2)["energy"] == 0


def test_it_makes_parts_soon_and_for_ever() -> None:
    mill = a_mill()
    assert mill.read(BEGIN_NS + 30 * STEP_NS)["state"] == "EXECUTE"
    assert int(mill.read(BEGIN_NS + DAY_NS)["part_count"]) > 1_000


def test_a_time_that_has_passed_is_told_what_was_told_last() -> None:
    mill = a_mill()
    last = mill.read(BEGIN_NS + 60 * STEP_NS)
    assert mill.read(BEGIN_NS + 10 * STEP_NS) == last


def test_a_jump_of_more_than_a_day_is_not_lived_through() -> None:
    meter = EnergyMeter("m", 1, base=10.0)
    alone = Alone(meter)
    alone.read(BEGIN_NS)
    alone.read(BEGIN_NS + 3_600 * STEP_NS)
    before = meter.energy
    for jump in (30 * DAY_NS, -30 * DAY_NS):
        alone.read(BEGIN_NS + jump)
        assert meter.energy == before
        assert meter.time_ns == BEGIN_NS + jump


def test_after_a_jump_it_lives_on() -> None:
    mill = a_mill()
    mill.read(BEGIN_NS + 600 * STEP_NS)
    mill.read(BEGIN_NS - 2 * DAY_NS)
    before = float(mill.read(BEGIN_NS - 2 * DAY_NS)["energy"])
    assert float(mill.read(BEGIN_NS - 2 * DAY_NS + 600 * STEP_NS)["energy"]) > before
