"""A zone with a heater and a controller."""

from __future__ import annotations

import math

import pytest

from simulators.machines.heating import OFF, HeatedZone


def zone(temperature: float = 20.0) -> HeatedZone:
    return HeatedZone(temperature, rated=4.0, capacity=20.0, loss=0.005, band=10.0, reset=400.0, lag=25.0)


def test_it_heats_at_full_power_until_it_is_near_its_setpoint() -> None:
    barrel = zone()
    assert {barrel.follow(200.0, 20.0) for _ in range(600)} == {4.0}


def test_it_settles_at_its_setpoint_and_draws_what_is_lost() -> None:
    barrel = zone()
    for _ in range(7200):
        barrel.follow(200.0, 20.0)
    assert barrel.temperature == pytest.approx(200.0, abs=0.05)
    assert barrel.follow(200.0, 20.0) == pytest.approx(0.005 * 180, rel=0.02)


def test_it_overshoots_by_little() -> None:
    barrel = zone()
    hottest = max(barrel.temperature for _ in range(7200) if barrel.follow(200.0, 20.0) is not None)
    assert 200.0 < hottest < 202.0


def test_what_is_drawn_from_it_is_made_up_for() -> None:
    barrel = zone(200.0)
    for _ in range(7200):
        barrel.follow(200.0, 20.0, drawn=1.0)
    assert barrel.temperature == pytest.approx(200.0, abs=0.05)
    assert 4.0 * barrel.duty == pytest.approx(1.9, rel=0.02)


def test_switched_off_it_cools_with_its_time_constant() -> None:
    barrel = zone(220.0)
    drawn = sum(barrel.follow(OFF, 20.0) for _ in range(4000))  # 20 kJ/K over 0.005 kW/K
    assert drawn == 0.0
    assert barrel.temperature == pytest.approx(20 + 200 / math.e, abs=0.1)


def test_how_long_it_heats_is_known_beforehand() -> None:
    barrel = zone()
    foreseen = barrel.seconds_to(185.0, 20.0)
    seconds = 0
    while barrel.temperature < 185.0:
        barrel.follow(200.0, 20.0)
        seconds += 1
    assert seconds == pytest.approx(foreseen + 25, abs=5)  # the lag of the heater comes on top


def test_what_it_cannot_reach_takes_forever() -> None:
    assert zone().seconds_to(900.0, 20.0) == math.inf
    assert zone(210.0).seconds_to(200.0, 20.0) == 0.0
