"""When a plant is planned to produce: shifts by the day of the week in the plant's time zone, without their breaks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Day: TypeAlias = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_DAYS: tuple[Day, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _naive(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("say it without a zone: time_zone of the scenario holds for all")
    return value


Clock: TypeAlias = Annotated[time, AfterValidator(_naive)]


class Span(BaseModel):
    """From one time of the day to another; one that ends at or before its begin ends on the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    begin: Clock = Field(alias="from", description="When it begins, such as `06:00:00`.")
    end: Clock = Field(alias="to", description="When it ends.")

    def length(self) -> timedelta:
        """Return how long it is by the clock on the wall."""
        return _between(self.begin, self.end) or timedelta(days=1)


def _between(earlier: time, later: time) -> timedelta:
    """Return how long it is from a time of the day until the next time that it is another."""
    both = (datetime.combine(date.min, clock) for clock in (later, earlier))
    return (next(both) - next(both)) % timedelta(days=1)


class Shift(Span):
    """A shift on some days of the week."""

    days: tuple[Day, ...] = Field(default=_DAYS, description="On which days it begins.")
    breaks: tuple[Span, ...] = Field(default=(), description="Times in it when nothing is produced.")

    @model_validator(mode="after")
    def _breaks_within(self) -> Self:
        for pause in self.breaks:
            if _between(self.begin, pause.begin) + pause.length() > self.length():
                raise ValueError(
                    f"breaks: {pause.begin} to {pause.end} is not within the shift from {self.begin} to {self.end}: "
                    "move it, or put it into the shift in which it is"
                )
        return self


class Calendar:
    """Tells whether a plant is planned to produce.

    Args:
        shifts: Of the plant; without any it always is.
        zone: In which they are told.
    """

    def __init__(self, shifts: Sequence[Shift], zone: ZoneInfo) -> None:
        self._shifts = shifts
        self._zone = zone
        self._known: range = range(0)
        self._edges: list[int] = []

    def planned(self, time_ns: int) -> bool:
        """Return whether the second that ends at this time is planned time of production."""
        if not self._shifts:
            return True
        second = time_ns // 1_000_000_000 - 1
        if second not in self._known:
            self._learn(second)
        return bisect_right(self._edges, second) % 2 == 1

    def _learn(self, second: int) -> None:
        """Write out the planned spans of the days around a second: edges at which it begins and ends in turns."""
        day = datetime.fromtimestamp(second, UTC).astimezone(self._zone).date()
        first, last = day - timedelta(days=1), day + timedelta(days=2)
        changes: list[tuple[int, int]] = []
        for offset in range(-2, 4):
            for begin, end, by in self._spans(day + timedelta(days=offset)):
                changes += [(begin, by), (end, -by)]
        changes.sort()
        self._edges = list(_edges(changes))
        self._known = range(self._second(first, time()), self._second(last, time()))

    def _spans(self, day: date) -> Iterator[tuple[int, int, int]]:
        """Yield begin and end of what begins on a day, and whether that is time of production (1) or a break (less)."""
        for shift in self._shifts:
            if _DAYS[day.weekday()] in shift.days:
                begin, end = self._bounds(day, shift)
                yield begin, end, 1
                for pause in shift.breaks:
                    # A break after midnight belongs to the shift that began the day before.
                    its_day = day if pause.begin >= shift.begin else day + timedelta(days=1)
                    yield *self._bounds(its_day, pause), -_MANY

    def _bounds(self, day: date, span: Span) -> tuple[int, int]:
        until = day if span.end > span.begin else day + timedelta(days=1)
        return self._second(day, span.begin), self._second(until, span.end)

    def _second(self, day: date, clock: time) -> int:
        return int(datetime.combine(day, clock, self._zone).timestamp())


_MANY = 1_000
"""More shifts at a time than there are: a break outweighs all of them."""


def _edges(changes: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield where the sum of changes begins and ceases to be positive."""
    level = 0
    on = False
    for index, (second, by) in enumerate(changes):
        level += by
        if index + 1 < len(changes) and changes[index + 1][0] == second:
            continue
        if (level > 0) != on:
            on = not on
            yield second
