"""What metrics said last, whichever of them a message held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.sparkplug.last_values import LastValues

CHOICES = [tuple(f"m{number}" for number in range(first, first + 3)) for first in range(20)]


@given(st.lists(st.integers(0, len(CHOICES) - 1), max_size=40))
def test_the_last_message_that_held_a_metric_counts(said: list[int]) -> None:
    last = LastValues()
    values: dict[str, int] = {}
    for number, choice in enumerate(said):
        told = dict.fromkeys(CHOICES[choice], number)
        last.note(CHOICES[choice], told, (number,))
        values |= told
    assert last.values == values
    assert last.times == values
