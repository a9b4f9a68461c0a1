"""Faults of counters: another number, and the same growth."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.faults.counters import counts
from simulators.machines import MACHINES
from tests.simulators.faults.scenes import Told, publications, tell_once


def shown(told: Told, name: str) -> list[tuple[float, float]]:
    """Return what was measured while the fault struck, and what was told of it."""
    return [
        (float(reading.values[name] or 0), json.loads(publications(actions)[0].payload)[name])
        for reading, actions in told.struck()
    ]


def test_parts_and_energy_are_counted() -> None:
    counters = [signal.name for signal in MACHINES["cnc_mill"].signals if counts(signal)]
    assert counters == ["part_count", "reject_count", "energy"]


@pytest.mark.parametrize("name", ["part_count", "energy"])
def test_a_reset_counter_begins_at_nothing_and_grows_as_before(name: str) -> None:
    both = shown(tell_once("counter_reset"), name)
    first = both[0][0]
    assert first > 0
    assert [told for _, told in both] == pytest.approx([true - first for true, _ in both], abs=2e-3)


@pytest.mark.parametrize("bits", [16, 32])
def test_a_counter_of_parts_rolls_over(bits: int) -> None:
    told = [value for _, value in shown(tell_once(f"counter_rollover_{bits}"), "part_count")]
    assert told[0] == 2**bits - 3
    assert 2**bits - 1 in told
    assert 0 in told
    assert all(type(value) is int and 0 <= value < 2**bits for value in told)


@given(seed=st.integers(0, 10**6), bits=st.sampled_from([16, 32]), name=st.sampled_from(["part_count", "energy"]))
@settings(max_examples=10, deadline=None)
def test_growth_is_the_same_modulo_the_width(seed: int, bits: int, name: str) -> None:
    both = shown(tell_once(f"counter_rollover_{bits}", seed=seed), name)
    (first_true, first_told), *_ = both
    for true, told in both:
        grown = (told - first_told) % 2**bits
        assert grown == pytest.approx(true - first_true, abs=2e-3)
