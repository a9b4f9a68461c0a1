"""Values that look alike are read at once, and what is unusual is left to the long way."""

from __future__ import annotations

import math

import pytest
from pydantic_core import ValidationError

from gateway.models import Value
from gateway.normalize.reader import Values, make_reader, unusual_rows

READ = make_reader([float, float, int, str, bool])
USUAL: Values = (1, 2.5, 7, "x", True)


def test_rows_are_read_with_integers_as_floats_where_they_are_stored_so() -> None:
    rows = READ([USUAL, (2.0, 3, 8, "y", False)])
    assert rows == [(1.0, 2.5, 7, "x", True), (2.0, 3.0, 8, "y", False)]
    assert [[type(value) for value in row] for row in rows] == [[float, float, int, str, bool]] * 2


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, True),
        (0, "1"),
        (0, None),
        (0, math.nan),
        (0, math.inf),
        (0, 2**53),
        (0, 2**53 + 1),
        (0, 1e300),
        (2, 7.0),
        (2, True),
        (2, 2**63),
        (3, 1),
        (3, "x" * 65_537),
        (3, "\ud800"),
        (4, 1),
    ],
    ids=str,
)
def test_a_row_that_is_unusual_is_told_and_no_other(place: int, value: Value | None) -> None:
    unusual = (*USUAL[:place], value, *USUAL[place + 1 :])
    with pytest.raises(ValidationError) as caught:
        READ([USUAL, unusual, USUAL, unusual])
    assert unusual_rows(caught.value) == {1, 3}


@pytest.mark.parametrize("row", [USUAL[:-1], (*USUAL, 1.0), ()])
def test_a_row_of_another_length_is_unusual(row: Values) -> None:
    with pytest.raises(ValidationError) as caught:
        READ([USUAL, row])
    assert unusual_rows(caught.value) == {1}
