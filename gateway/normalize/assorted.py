"""Messages of known names in a choice of their own, taken and checked one by one, to be written in their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gateway.models import Message, Observation, RawTime, Telemetry, Value
from gateway.normalize.row import Row
from gateway.normalize.series import SeriesState


class Part(NamedTuple):
    """What one message says of one instant.

    Attributes:
        time_ns: The instant.
        fields: The names of the fields in the wide layout; the stored names in the narrow one.
        values: Their values, checked.
        types: The types they are stored in; None if all are floats.
    """

    time_ns: int
    fields: Sequence[str]
    values: Sequence[Value]
    types: Sequence[type] | None


class Assorted(NamedTuple):
    """A message that was taken value by value.

    Attributes:
        position: Its place among all that were taken.
        message: The message.
        observation: What its adapter says.
        state: Its series.
        parts: What it says, by instant.
    """

    position: int
    message: Message
    observation: Observation
    state: SeriesState
    parts: Sequence[Part]

    def telemetry(self) -> Iterator[Telemetry]:
        """Yield its telemetry."""
        for time_ns, fields, values, _ in self.parts:
            yield Telemetry(
                series=self.state.series,
                values=dict(zip(fields, values, strict=True)),
                timestamp_ns=time_ns,
                origin=self.observation.origin,
                narrow=self.state.is_narrow,
            )


def by_time(
    row: Row, names: Sequence[str], times: Mapping[str, RawTime], time_ns: int, read: Callable[[RawTime], int | None]
) -> list[Part] | None:
    """Return the parts of a message whose values have times of their own; None if the long way must look at it.

    Args:
        row: Its values.
        names: What they are called in the layout of the route.
        times: Times of single values, by their names in the message.
        time_ns: The time of the others.
        read: Returns a time, if it is believed.
    """
    known: dict[RawTime, int] = {}
    places: dict[int, list[int]] = {}
    for number, source in enumerate(row.sources):
        when = time_ns
        if source in times:
            raw = times[source]
            found = known.get(raw)
            if found is None:
                found = read(raw)
                if found is None:
                    return None
                known[raw] = found
            when = found
        if when in places:
            places[when].append(number)
        else:
            places[when] = [number]
    if len(places) == 1:
        return [Part(when, names, row.values, row.types) for when in places]
    values, types = row.values, row.types
    return [
        Part(
            when,
            [names[number] for number in chosen],
            [values[number] for number in chosen],
            None if types is None else [types[number] for number in chosen],
        )
        for when, chosen in places.items()
    ]
