"""The gateway's own clock, when somebody sets it."""

from __future__ import annotations

import time

import pytest

from gateway.clock import Clock
from tests.gateway.hands import Hands

YEAR_NS = 365 * 86_400 * 1_000_000_000


def test_it_tells_the_time_of_the_system() -> None:
    assert abs(Clock().now_ns() - time.time_ns()) < 60e9


@pytest.mark.parametrize("step", [YEAR_NS, -YEAR_NS, 1_500_000_000, -1_500_000_000])
def test_a_step_is_told_once_and_followed(step: int) -> None:
    hands = Hands()
    hands.clock.now_ns()
    hands.pass_time(1_000_000_000, corrected=step)
    for _ in range(3):
        assert abs(hands.clock.now_ns() - hands.wall_ns) < 8
        hands.pass_time(1_000_000_000)
    assert hands.steps == [step]
    assert hands.clock.steps == 1


def test_there_and_back_are_two_steps() -> None:
    hands = Hands()
    for step in (YEAR_NS, -YEAR_NS):
        hands.pass_time(1_000_000_000, corrected=step)
        hands.clock.now_ns()
    assert hands.steps == [YEAR_NS, -YEAR_NS]


@pytest.mark.parametrize("slew", [500_000, -500_000, 900_000_000])
def test_what_a_time_server_corrects_gently_is_no_step_however_long_it_goes_on(slew: int) -> None:
    hands = Hands()
    for _ in range(10_000):
        hands.pass_time(1_000_000_000, corrected=slew)
        hands.clock.now_ns()
    assert hands.steps == []


def test_long_silence_and_sleep_are_no_step() -> None:
    hands = Hands()
    hands.pass_time(YEAR_NS)
    hands.clock.now_ns()
    assert hands.steps == []


def test_a_time_that_comes_again_after_a_step_back_is_told_differently() -> None:
    hands = Hands()
    told = {hands.clock.now_ns()}
    for _ in range(7):
        hands.pass_time(0, corrected=-YEAR_NS)
        hands.clock.now_ns()
        hands.pass_time(0, corrected=YEAR_NS)
        told.add(hands.clock.now_ns())
    assert len(told) > 3, "each is a time of its own"
    assert max(told) - min(told) < 8
