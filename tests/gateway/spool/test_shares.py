"""The one that has most is known at any time."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.spool.shares import Shares


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=60))
def test_the_largest_share_is_known_after_every_change(changes: list[tuple[int, int]]) -> None:
    shares, expected = Shares(), Counter[int]()
    for key, number in changes:
        shares.add(key, number)
        expected[key] = max(0, expected[key] + number)
        largest = shares.largest()
        most = max(expected.values())
        assert (expected[largest] if largest is not None else 0) == most
        assert {key: shares.of(key) for key in expected} == dict(expected)
