"""Values that look alike are read at once, and what is unusual is left to the long way."""

from __future__ import annotations

import math

import pytest

from gateway.models import Value
from gateway.normalize.reader import make_reader

READ = make_reader(["a", "", "i", "s", "b"], [float, float, int, str, bool], ["a", "value", "i", "s_text", "b_bool"])
USUAL: dict[str, Value | None] = {"a": 1, "": 2.5, "i": 7, "s": "x", "b": True}


def test_values_are_read_under_their_new_names_and_integers_as_floats() -> None:
    fields = READ(USUAL)
    assert fields == {"a": 1.0, "value": 2.5, "i": 7, "s_text": "x", "b_bool": True}
    assert [type(value) for value in fields.values()] == [float, float, int, str, bool]


@pytest.mark.parametrize(
    "unusual",
    [
        {"a": True},
        {"a": "1"},
        {"a": None},
        {"a": math.nan},
        {"a": math.inf},
        {"a": 2**53},
        {"a": 2**53 + 1},
        {"a": 1e300},
        {"i": 7.0},
        {"i": True},
        {"i": 2**63},
        {"s": 1},
        {"s": "x" * 65_537},
        {"s": "\ud800"},
        {"b": 1},
        {"another": 1.0},
    ],
    ids=str,
)
def test_what_is_unusual_is_refused(unusual: dict[str, Value | None]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        READ(USUAL | unusual)


def test_a_key_that_is_missing_is_unusual() -> None:
    with pytest.raises(ValueError, match="validation error"):
        READ({key: value for key, value in USUAL.items() if key != "a"})
