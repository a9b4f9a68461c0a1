"""Draws belong to a key and an index."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.machines.randomness import Draws


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.text(max_size=20), st.integers())
def test_a_draw_lies_in_its_range_and_is_always_the_same(low: float, width: float, what: str, index: int) -> None:
    draws = Draws.of(1, "machine")
    drawn = draws.uniform(low, low + width, what, index)
    assert low <= drawn <= low + width
    assert drawn == draws.uniform(low, low + width, what, index)


@given(st.integers(1, 1_000), st.integers())
def test_a_choice_is_one_of_as_many_as_asked_for(count: int, index: int) -> None:
    assert 0 <= Draws.of(1).choice(count, "x", index) < count


def test_draws_are_spread_evenly() -> None:
    draws = Draws.of(7, "machine")
    tenths = [draws.choice(10, "x", index) for index in range(10_000)]
    assert all(900 < tenths.count(tenth) < 1_100 for tenth in range(10))


def test_owners_do_not_run_into_each_other() -> None:
    assert Draws.of("ab", "c") != Draws.of("a", "bc")
    assert Draws.of("a").uniform(0, 1, "x", 1) != Draws.of("a").uniform(0, 1, "x1")


def test_a_draw_is_the_same_in_every_release() -> None:
    """So that a recorded run can be repeated, and what it must add up to stays known."""
    assert Draws.of(1, "cnc_mill", "mill-1").uniform(0, 1, "offset") == 0.4606684070951578
