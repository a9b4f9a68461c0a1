"""The timetable: samples on a fixed grid, late ones caught up gently."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.timetable import MILLISECOND_NS, Timetable

SECOND_NS = 1_000_000_000
START_NS = 1_760_000_000 * SECOND_NS


def walk(timetable: Timetable, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
    """Return what comes when nobody is ever late: the stations and the times of their samples."""
    samples, now_ns = [], start_ns
    while (now_ns := now_ns + timetable.wait_ns(now_ns)) < end_ns:
        samples += timetable.due(now_ns)
    return [(sample.station, sample.time_ns) for sample in samples]


def test_each_station_has_its_own_pace_and_its_own_moment() -> None:
    samples = walk(Timetable([100 * MILLISECOND_NS, 200 * MILLISECOND_NS], START_NS), START_NS, START_NS + SECOND_NS)
    assert [t - START_NS for station, t in samples if station == 0] == [n * 100 * MILLISECOND_NS for n in range(10)]
    assert [t - START_NS for station, t in samples if station == 1] == [
        100 * MILLISECOND_NS + n * 200 * MILLISECOND_NS for n in range(5)
    ]


@given(
    start_ns=st.integers(0, 2 * START_NS), periods=st.lists(st.integers(MILLISECOND_NS, 10**9), min_size=1, max_size=5)
)
def test_times_are_whole_milliseconds_and_strictly_increase(start_ns: int, periods: list[int]) -> None:
    samples = walk(Timetable(periods, start_ns), start_ns, start_ns + 5 * max(periods))
    for station in range(len(periods)):
        times = [t for owner, t in samples if owner == station]
        assert len(times) >= 4
        assert all(t % MILLISECOND_NS == 0 for t in times)
        assert all(before < after for before, after in pairwise(times))


def test_the_grid_does_not_depend_on_when_it_was_begun() -> None:
    period_ns = 100 * MILLISECOND_NS
    early = walk(Timetable([period_ns], START_NS), START_NS, START_NS + SECOND_NS)
    late = walk(Timetable([period_ns], START_NS + 12_345), START_NS + 12_345, START_NS + SECOND_NS)
    assert late == early[1:]


def test_who_is_a_little_late_catches_up_at_twice_the_pace() -> None:
    period_ns = 100 * MILLISECOND_NS
    timetable = Timetable([period_ns], START_NS)
    now_ns = START_NS + SECOND_NS  # ten samples are late
    samples = []
    for _ in range(20):
        due = timetable.due(now_ns)
        assert len(due) <= 1
        samples += due
        now_ns += period_ns // 2
    assert [sample.time_ns for sample in samples] == [START_NS + n * period_ns for n in range(20)]
    assert timetable.skipped == 0


def test_what_is_very_late_is_left_out_and_counted() -> None:
    period_ns = 100 * MILLISECOND_NS
    timetable = Timetable([period_ns], START_NS)
    (sample,) = timetable.due(START_NS + 60 * SECOND_NS)
    assert sample.time_ns == START_NS + 60 * SECOND_NS
    assert timetable.skipped == 600


def test_a_clock_that_is_set_back_takes_the_grid_with_it() -> None:
    timetable = Timetable([100 * MILLISECOND_NS], START_NS)
    timetable.due(START_NS)
    timetable.due(START_NS - 3_600 * SECOND_NS + 1)
    assert timetable.wait_ns(START_NS - 3_600 * SECOND_NS + 1) < 100 * MILLISECOND_NS


def test_more_than_a_thousand_samples_a_second_are_refused() -> None:
    with pytest.raises(ValueError, match="lower rate"):
        Timetable([MILLISECOND_NS - 1], START_NS)
