"""The induction motor: its rating, its idling, and its start."""

from __future__ import annotations

import math

import pytest

from simulators.machines.induction_motor import InductionMotor


def running(*, star_delta: bool = False, run_up: float = 0.5) -> InductionMotor:
    """Return a motor of 37 kW that has run up."""
    motor = InductionMotor(37.0, efficiency=0.94, power_factor=0.86, run_up=run_up, star_delta=star_delta)
    for _ in range(20):
        motor.turn(1.0)
    return motor


def test_at_its_rating_it_draws_what_its_efficiency_and_power_factor_say() -> None:
    motor = running()
    assert motor.turn(1.0) == pytest.approx(37.0 / 0.94)
    assert motor.current == pytest.approx(37_000 / 0.94 / (math.sqrt(3) * 400 * 0.86))


def test_idling_it_draws_almost_only_magnetizing_current() -> None:
    motor = running()
    rated = motor.current
    assert motor.turn(0.0) < 0.05 * 37
    assert 0.35 < motor.current / rated < 0.6


def test_started_directly_it_draws_several_times_its_rated_current() -> None:
    rated = running().current
    motor = InductionMotor(37.0, efficiency=0.94, power_factor=0.86, run_up=1.0)
    motor.turn(0.2)
    assert 6 < motor.current / rated < 7.5
    motor.turn(0.2)
    motor.turn(0.2)
    assert motor.current < rated


def test_in_star_it_draws_a_third_and_once_more_a_surge_when_it_changes_to_delta() -> None:
    rated = running().current
    motor = InductionMotor(37.0, efficiency=0.94, power_factor=0.86, run_up=6.5, star_delta=True)
    currents = []
    for _ in range(10):
        motor.turn(0.2)
        currents.append(motor.current / rated)
    assert currents[0] == pytest.approx(6.5 / 3)
    assert currents[5] < currents[0]
    assert currents[6] > currents[9]
    assert currents[9] < 0.7


def test_switched_off_it_draws_nothing_and_starts_anew() -> None:
    motor = running()
    rated = motor.current
    assert motor.rest() == motor.power == motor.current == 0
    motor.turn(0.2)
    assert motor.current > 3 * rated
