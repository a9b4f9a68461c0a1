"""Signals: the integral is that of the value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.machines.machine import SECOND_NS
from simulators.machines.randomness import Draws
from simulators.machines.signals import HOUR_NS, Profile, Ripple, Signal, Switched, Wave

SIGNALS: list[Signal] = [
    Wave(3.0, 97 * SECOND_NS, 0.3),
    Switched(5.0, 60 * SECOND_NS, 20 * SECOND_NS, 7 * SECOND_NS),
    Profile([(0, 1.0), (30 * SECOND_NS, 4.0), (50 * SECOND_NS, 4.0), (80 * SECOND_NS, 1.0)], offset_ns=11),
    Ripple(Draws.of(1), "x", 2.0, 40.0),
]
TIMES = st.integers(0, 4_000_000_000 * SECOND_NS)


def summed(signal: Signal, start_ns: int, end_ns: int, steps: int) -> float:
    """Return the integral as a sum over the middles of many small steps."""
    step_ns = (end_ns - start_ns) // steps
    return sum(signal.value(start_ns + step_ns // 2 + n * step_ns) for n in range(steps)) * step_ns / HOUR_NS


@pytest.mark.parametrize("signal", SIGNALS)
@given(start_ns=TIMES)
def test_the_integral_is_the_sum_of_the_values(signal: Signal, start_ns: int) -> None:
    end_ns = start_ns + 200 * SECOND_NS
    assert signal.integral(end_ns) - signal.integral(start_ns) == pytest.approx(
        summed(signal, start_ns, end_ns, 2_000), abs=5e-4
    )


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_integral_begins_in_1970(signal: Signal) -> None:
    assert signal.integral(0) == pytest.approx(0, abs=1e-12)


def test_a_profile_goes_through_its_points_and_begins_again() -> None:
    profile = Profile([(0, 1.0), (10, 3.0), (20, 1.0)], offset_ns=100)
    assert [profile.value(time_ns) for time_ns in (100, 105, 110, 115, 120, 130, 90)] == [1, 2, 3, 2, 1, 3, 3]


def test_a_switched_load_is_on_from_its_offset_for_its_time() -> None:
    switched = Switched(2.0, period_ns=10, on_ns=4, offset_ns=3)
    assert [switched.value(time_ns) for time_ns in range(13)] == [0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0]
