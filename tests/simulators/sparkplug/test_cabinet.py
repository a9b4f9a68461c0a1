"""The edge node's own hardware."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from simulators.machines import MACHINES
from simulators.machines.device import Surroundings
from simulators.sparkplug.cabinet import Cabinet
from tests.simulators.machines.living import floats, live

DAY = 86_400


def test_values_are_those_of_the_signals_in_their_order() -> None:
    assert list(Cabinet("edge-1", 1).values()) == [signal.name for signal in Cabinet.signals]


def test_it_is_no_machine_of_a_plant() -> None:
    assert Cabinet.kind not in MACHINES


def test_its_door_is_opened_for_a_minute_and_a_half_some_times_a_day() -> None:
    door = [values["health/door_contact"] for values in live(Cabinet("edge-1", 1), DAY, Surroundings(0))]
    opened = sum(now is True and before is False for before, now in pairwise(door))
    assert 4 < opened < 25
    assert 85 * opened < door.count(True) < 95 * opened


def test_its_processor_is_mostly_idle_and_its_memory_is_not_full() -> None:
    lived = live(Cabinet("edge-1", 1), 3600, Surroundings(0))
    assert 12 < fmean(floats(lived, "health/cpu_load")) < 24
    assert all(100 < memory < 400 for memory in floats(lived, "health/memory_free"))
