"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.quantities import parse_duration, parse_size, show_duration, show_size


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("100ms", 100_000_000),
        ("1.5 s", 1_500_000_000),
        ("5min", 300 * 10**9),
        ("2h", 7200 * 10**9),
        ("7d", 604_800 * 10**9),
    ],
)
def test_durations_are_nanoseconds(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize(("text", "size"), [("10GiB", 10 * 2**30), ("1MB", 10**6), ("512 B", 512), (0, 0)])
def test_sizes_are_bytes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["10", 10, "10 parsecs", "-1s", "s", "", None, True, "1s2"])
def test_a_number_without_a_unit_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match='such as "100ms"'):
        parse_duration(text)


@given(st.integers(1, 10**15))
def test_what_is_shown_is_about_what_it_is(ns: int) -> None:
    assert parse_duration(show_duration(ns)) == pytest.approx(ns, rel=0.01)
    assert parse_size(show_size(ns)) == pytest.approx(ns, rel=0.01)
