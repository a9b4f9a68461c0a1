"""Shapes: how to read messages that hold the same metrics as others before them, worked out once.

Many edge nodes send the same metrics in each message. Which of them are floats, texts or integers, and how many bytes
such a message has if there is nothing else in it, need not be found out for each metric of each message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import NamedTuple

from adapters.sparkplug.datatypes import Field
from adapters.sparkplug.float32 import shortest
from adapters.sparkplug.known import Get, Known
from adapters.sparkplug.payload_pb2 import AliasReading, Reading
from adapters.sparkplug.scalars import Conversion
from gateway.models import Value

Metrics = Sequence[AliasReading | Reading]
Wire = bool | int | float | bytes
Names = tuple[int, ...] | tuple[bytes, ...]
"""Aliases, or names: what the metrics of a message are called."""

_TIME_BYTES = 7
"""A tag, and milliseconds from 2004 to 2109 (2**40 to 2**42), in six bytes."""
EARLIEST_MS, LATEST_MS = 1 << 35, 1 << 42
_FIXED_BYTES: dict[Field, int] = {"float_value": 5, "double_value": 9, "boolean_value": 2}
_SIGHTINGS = 3
_MOST_SHAPES = 8
_MOST_SIGHTINGS = 32
_SHORT = 128

_time_of = attrgetter("timestamp")


class _Kind(NamedTuple):
    """Metrics whose values are read alike.

    Attributes:
        get: Takes a value of one.
        field: Where it stands.
        convert: Makes of it what it means; None if it is that.
        is_single: Whether it is a 32-bit float.
        begin: The first of them, in the order of the shape.
        end: Behind the last.
    """

    get: Get
    field: Field
    convert: Conversion | None
    is_single: bool
    begin: int
    end: int


class Shape:
    """How to read messages with these metrics.

    Args:
        names: Aliases or names, in their order.
        known: What is known of each.

    Attributes:
        keys: What the values are called, kind by kind.
    """

    __slots__ = ("_bytes", "_kinds", "_order", "keys")

    def __init__(self, names: Names, known: Sequence[Known]) -> None:
        places = sorted(range(len(known)), key=lambda place: _kind_of(known[place]))
        self._order: Callable[[Metrics], Metrics] = itemgetter(*places) if len(places) > 1 else tuple
        self.keys = tuple(known[place].key for place in places)
        self._kinds: list[_Kind] = []
        self._bytes = 0
        for place in places:
            one = known[place]
            kind = (one.get, one.field, one.convert, one.is_special and one.convert is None)
            if self._kinds and self._kinds[-1][:4] == kind:
                self._kinds[-1] = self._kinds[-1]._replace(end=self._kinds[-1].end + 1)
            else:
                begin = self._kinds[-1].end if self._kinds else 0
                self._kinds.append(_Kind(*kind, begin, begin + 1))
            # Tag and length of the metric, its name, its time, and its value as far as that is always as long.
            self._bytes += 2 + _bytes_of_name(names[place]) + _TIME_BYTES + _FIXED_BYTES.get(one.field, 1)

    def read(self, metrics: Metrics) -> tuple[list[Value], Sequence[int], int] | None:
        """Return values and times in the order of `keys`, and how many bytes such metrics have on the wire.

        If all times are the same there is only one.

        None if one of them lacks its value, or its value means nothing.
        """
        metrics = self._order(metrics)
        values: list[Wire | Value] = []
        size = self._bytes
        for get, field, convert, is_single, begin, end in self._kinds:
            read = list(map(get, metrics[begin:end]))
            if not all(read) and any(
                not value and metric.WhichOneof("value") != field
                for metric, value in zip(metrics[begin:end], read, strict=True)
            ):
                return None
            if field not in _FIXED_BYTES:
                size += _bytes_of_texts(read) if field == "string_value" else sum(map(_bytes_of_number, read))
            if is_single:
                values += shortest(read)  # type: ignore[arg-type]  # their field holds floats
            elif convert is None:
                values += read
            else:
                try:
                    values += map(convert, read)
                except ValueError:
                    return None
        times: Sequence[int] = list(map(_time_of, metrics))
        if times.count(times[0]) == len(times):
            times = times[:1]
        return values, times, size  # type: ignore[return-value]  # converted, bytes are texts


class Shapes:
    """The shapes of the messages of one station, bounded; they hold until its next birth."""

    __slots__ = ("_known", "_sightings")

    def __init__(self) -> None:
        self._known: dict[Names, Shape] = {}
        self._sightings: dict[int, int] = {}

    def get(self, names: Names) -> Shape | None:
        """Return the shape of messages with these metrics, if they came often enough to have one."""
        return self._known.get(names)

    def see(self, names: Names, known: Sequence[Known]) -> None:
        """Take note of a message that was read without one."""
        number = hash(names)
        seen = self._sightings.get(number, 0) + 1
        if seen < _SIGHTINGS or len(self._known) >= _MOST_SHAPES:
            if len(self._sightings) >= _MOST_SIGHTINGS:
                self._sightings.clear()
            self._sightings[number] = seen
        elif len({one.key for one in known}) == len(known) and all(one.key for one in known):
            self._known[names] = Shape(names, known)

    def forget(self) -> None:
        """Forget all: a birth may have given names another meaning."""
        self._known.clear()
        self._sightings.clear()


def _kind_of(known: Known) -> tuple[str, int, int]:
    return (known.field, known.datatype, id(known.convert))


def _bytes_of_name(name: int | bytes) -> int:
    if isinstance(name, int):
        return 1 + _bytes_of_number(name)
    return 1 + _bytes_of_number(len(name)) + len(name)


def _bytes_of_number(number: Wire) -> int:
    """Return how many bytes a number has on the wire: seven bits in each."""
    return 1 if number < _SHORT else (number.bit_length() + 6) // 7  # type: ignore[operator, union-attr]  # an integer


def _bytes_of_texts(texts: Sequence[Wire]) -> int:
    return sum(_bytes_of_number(len(text)) + len(text) for text in texts)  # type: ignore[arg-type, misc]  # all bytes
