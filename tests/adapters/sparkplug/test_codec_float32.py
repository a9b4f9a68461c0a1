"""Floats of 32 bits as decimals."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.sparkplug.codec import shortest, shortest_of

SINGLES = st.floats(width=32, allow_nan=False)


def single(number: float) -> float:
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded


@given(SINGLES)
@example(single(3.4028235e38))
@example(single(1e-45))
@example(2.0**-126)
def test_the_decimal_means_the_same_float(number: float) -> None:
    assert single(shortest_of(number)) == number


@given(SINGLES.filter(lambda number: abs(number) < 1e38))
def test_no_shorter_decimal_means_it(number: float) -> None:
    found = f"{shortest_of(number):.9g}"
    digits = len(found.partition("e")[0].lstrip("-0.").replace(".", "").rstrip("0"))
    assert all(single(float(f"{number:.{fewer}g}")) != number for fewer in range(1, digits))


@given(st.lists(SINGLES))
@example([1.23, -0.0, math.inf])
@example([1024.03125, 16_777_216.0, 33_554_432.0, 100_000.1015625])
def test_many_at_once_give_the_same_as_one_by_one(numbers: list[float]) -> None:
    assert shortest(numbers) == list(map(shortest_of, numbers))


@given(st.integers(-8_000_000, 8_000_000), st.integers(0, 6))
def test_a_decimal_that_a_device_rounded_comes_back(digits: int, places: int) -> None:
    decimal = digits / 10**places
    if abs(digits) < 10**6:
        assert shortest([single(decimal)]) == [decimal]


def test_what_is_no_number_stays() -> None:
    assert [str(number) for number in shortest([math.nan, math.inf, -math.inf])] == ["nan", "inf", "-inf"]


@pytest.mark.parametrize("number", [1.23, 0.1, 20.5, 1e-5, 16_777_216.0, 3.4028235e38])
def test_it_is_what_a_person_would_write(number: float) -> None:
    assert shortest_of(single(number)) == number
