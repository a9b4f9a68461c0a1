"""Shifts: when a plant is planned to produce."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from simulators.plant.calendar import Calendar, Shift

BERLIN = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")


def shift(**table: object) -> Shift:
    return Shift.model_validate(table)


def planned_seconds(calendar: Calendar, begin: str, hours: int, zone: ZoneInfo = UTC) -> int:
    start = int(datetime.fromisoformat(begin).replace(tzinfo=zone).timestamp())
    return sum(calendar.planned(second * 1_000_000_000) for second in range(start + 1, start + hours * 3600 + 1))


def test_without_shifts_production_is_always_planned() -> None:
    assert planned_seconds(Calendar([], UTC), "2026-03-01T00:00:00", 2) == 7200


def test_a_shift_is_planned_from_its_begin_to_its_end() -> None:
    calendar = Calendar([shift(**{"from": "06:00:00", "to": "14:00:00"})], UTC)
    assert planned_seconds(calendar, "2026-03-02T05:59:59", 1) == 3599
    assert planned_seconds(calendar, "2026-03-02T00:00:00", 24) == 8 * 3600


def test_breaks_are_not_planned_even_where_shifts_overlap() -> None:
    calendar = Calendar(
        [
            shift(**{"from": "06:00:00", "to": "14:00:00", "breaks": [{"from": "12:00:00", "to": "12:30:00"}]}),
            shift(**{"from": "11:00:00", "to": "15:00:00"}),
        ],
        UTC,
    )
    assert planned_seconds(calendar, "2026-03-02T00:00:00", 24) == 9 * 3600 - 1800


def test_shifts_that_meet_are_one() -> None:
    calendar = Calendar(
        [shift(**{"from": "06:00:00", "to": "14:00:00"}), shift(**{"from": "14:00:00", "to": "22:00:00"})], UTC
    )
    assert planned_seconds(calendar, "2026-03-02T13:00:00", 2) == 7200


def test_a_night_shift_ends_on_the_next_day_with_its_break_after_midnight() -> None:
    calendar = Calendar(
        [
            shift(
                **{
                    "days": ["Fri"],
                    "from": "22:00:00",
                    "to": "06:00:00",
                    "breaks": [{"from": "02:00:00", "to": "02:30:00"}],
                }
            )
        ],
        UTC,
    )
    assert planned_seconds(calendar, "2026-03-06T12:00:00", 24) == 8 * 3600 - 1800  # a Friday
    assert planned_seconds(calendar, "2026-03-07T12:00:00", 24) == 0


def test_shifts_follow_the_clock_of_their_zone_when_it_is_set_ahead() -> None:
    calendar = Calendar([shift(**{"from": "22:00:00", "to": "06:00:00"})], BERLIN)
    assert planned_seconds(calendar, "2026-03-28T12:00:00", 24, BERLIN) == 7 * 3600  # the night has an hour less
    assert planned_seconds(calendar, "2026-10-24T12:00:00", 24, BERLIN) == 9 * 3600


def test_a_time_with_a_zone_of_its_own_is_refused() -> None:
    with pytest.raises(ValidationError, match="without a zone"):
        shift(**{"from": "06:00:00+01:00", "to": "14:00:00"})
