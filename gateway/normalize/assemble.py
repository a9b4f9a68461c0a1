"""Puts what was taken of a message together as telemetry: by instant, in the layout of the route."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from gateway.models import Origin, Quality, Telemetry, Value
from gateway.normalize.columns import Column, Suffix
from gateway.normalize.series import SeriesState
from gateway.status import Status

_name_of, _field_of = attrgetter("name"), attrgetter("field")


class Statement:
    """What one observation says, in the terms of the store.

    Args:
        time_ns: Its time, for what has no value.
        narrow: Whether values are kept by their plain names, not by those of their fields.

    Attributes:
        names: The names that it spoke of.
        time_status: Where its time comes from, if that is to be written.
    """

    __slots__ = ("_instants", "_last", "_last_ns", "_narrow", "_time_ns", "names", "time_status")

    def __init__(self, time_ns: int, *, narrow: bool) -> None:
        self._time_ns, self._narrow = time_ns, narrow
        self._instants: dict[int, tuple[dict[str, Value], dict[str, Quality]]] = {}
        self._last: tuple[dict[str, Value], dict[str, Quality]] = ({}, {})
        self._last_ns: int | None = None
        self.names: set[str] = set()
        self.time_status: str | None = None

    def add(self, column: Column, suffix: Suffix, value: Value, time_ns: int) -> None:
        """Add a value.

        Args:
            column: Where values of its name and type go.
            suffix: The ending of its field, which may be another where it does not fit there.
            value: The value.
            time_ns: When it was true.
        """
        if time_ns != self._last_ns:
            self._turn_to(time_ns)
        # Narrow, all names share the field `value`, so there the type always shows in its name.
        if self._narrow:
            self._last[0][column.name] = value
        elif suffix == column.suffix or column.declared:
            self._last[0][column.field] = value
        else:
            self._last[0][column.name + suffix] = value

    def add_all(self, columns: Sequence[Column], values: Sequence[Value], times: Sequence[int]) -> None:
        """Add values that fit their columns, with the time of each or the one of all."""
        names = [*map(_name_of if self._narrow else _field_of, columns)]
        if len(times) == 1:
            if times[0] != self._last_ns:
                self._turn_to(times[0])
            self._last[0].update(zip(names, values, strict=True))
            return
        for name, value, time_ns in zip(names, values, times, strict=True):
            if time_ns != self._last_ns:
                self._turn_to(time_ns)
            self._last[0][name] = value

    def mark_all(self, names: Sequence[str], quality: Quality, time_ns: int) -> None:
        """Add one quality of many names that is to be written."""
        if time_ns != self._last_ns:
            self._turn_to(time_ns)
        self._last[1].update(dict.fromkeys(names, quality))

    def mark(self, name: str, quality: Quality, time_ns: int) -> None:
        """Add a quality that is to be written."""
        if time_ns != self._last_ns:
            self._turn_to(time_ns)
        self._last[1][name] = quality

    def assemble(self, state: SeriesState, origin: Origin) -> list[Telemetry]:
        """Return one telemetry for each instant."""
        if self.time_status is not None:
            self._turn_to(self._time_ns)
        result: list[Telemetry] = []
        for time_ns, (values, quality) in self._instants.items():
            if self._narrow and not values and not quality:
                continue  # there is no point that could say where its time comes from
            result.append(
                Telemetry(
                    series=state.series,
                    values=values,
                    timestamp_ns=time_ns,
                    quality=quality or None,
                    time_status=self.time_status if time_ns == self._time_ns else None,
                    origin=origin,
                    narrow=self._narrow,
                )
            )
        return result

    def _turn_to(self, time_ns: int) -> None:
        self._last_ns = time_ns
        instant = self._instants.get(time_ns)
        if instant is None:
            instant = self._instants[time_ns] = ({}, {})
        self._last = instant


def keep_apart(telemetry: list[Telemetry], status: Status) -> list[Telemetry]:
    """Return the telemetry of one message with values that would overwrite one another moved by a nanosecond each.

    Deterministic: it follows from the message alone.
    """
    if len({(one.series.key, one.timestamp_ns) for one in telemetry}) == len(telemetry):
        return telemetry
    taken: set[tuple[str, str, int]] = set()
    free: dict[tuple[str, str, int], int] = {}
    result: list[Telemetry] = []
    for one in telemetry:
        key, at = one.series.key, one.timestamp_ns
        names: Sequence[str] = [*one.values, *(f"{name}\0q" for name in one.quality or ())]
        moved = max((free.get((key, name, at), at) for name in names), default=at)
        while any((key, name, moved) in taken for name in names):
            moved += 1
        for name in names:
            taken.add((key, name, moved))
            free[key, name, at] = moved + 1
        if moved != at:
            status.corrected.count("two values for one instant in one message")
            one = one.model_copy(update={"timestamp_ns": moved})  # noqa: PLW2901
        result.append(one)
    return result
