"""Shapes: how to read messages that hold the same metrics as others before them, worked out once.

Many edge nodes send the same metrics in each message. Which of them are floats, texts or integers, and how many bytes
each has, need not be found out for each metric of each message: values are taken column by column, and that each column
holds what the shape says shows in where the values stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import attrgetter, itemgetter
from typing import NamedTuple

from adapters.sparkplug.datatypes import Field
from adapters.sparkplug.float32 import shortest
from adapters.sparkplug.known import Known
from adapters.sparkplug.payload_pb2 import AliasReading, MergedReading, MergedReadings, Reading
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
_MOST_MISSES = 4
_MOST_FAILURES = 16
_SHORT = 128
_SHORT_SEQ, _LONG_SEQ = 2, 3
"""Bytes of the sequence number, with its tag."""


class _Column(NamedTuple):
    """Metrics whose values stand in one field.

    Attributes:
        of: Takes the values.
        field: The field.
        places: Where they stand among all metrics.
        convert: Makes of each what it means; None if all are that, or floats of 32 bits.
        converts: The same, each with its own.
    """

    of: Callable[[MergedReading], Sequence[Wire]]
    field: Field
    places: Sequence[int]
    convert: Conversion | None
    converts: Sequence[Conversion | None]


class Shape:
    """How to read messages with these metrics.

    A message has the shape if all of it is accounted for: each column has as many entries as there are metrics of it,
    all bytes are theirs, and each value stands where it should, in its field. So it is for what encoders write, who
    write a field of a metric once.

    Args:
        known: What is known of each metric, in their order.
        metrics: Those of one such message: which fields they have beside their values.

    Attributes:
        keys: What the values are called, column by column.
        failures: Messages with these metrics, one after the other, that were none of this shape.
    """

    __slots__ = ("_columns", "_counts", "_in_order", "_steps", "_tags", "failures", "keys")

    def __init__(self, known: Sequence[Known], metrics: Metrics) -> None:
        self.failures = 0
        fields = [one.field for one in known]
        self._columns: list[_Column] = []
        for field in dict.fromkeys(fields):
            places = [place for place, one in enumerate(fields) if one == field]
            converts = [known[place].convert for place in places]
            same = len({*converts}) == 1
            self._columns.append(
                _Column(attrgetter(field), field, places, converts[0] if same else None, () if same else converts)
            )
        in_order = [place for column in self._columns for place in column.places]
        self.keys = tuple([known[place].key for place in in_order])
        self._in_order: Callable[[Sequence[int]], Sequence[int]] = (
            itemgetter(*in_order) if in_order != [*range(len(known))] else list
        )
        heads = [_head(metric) for metric in metrics]
        self._counts = [sum(counts) for counts in zip(*(counts for _, counts in heads), strict=True)]
        self._tags = bytes(
            [MergedReading.DESCRIPTOR.fields_by_name[one].number << 3 | _WIRE_TYPES[one] for one in fields]
        )
        # From the beginning to where the first value stands, from there to the second, and so on, and to the end: of
        # what takes more or fewer bytes each time only the tag.
        values = [_FIXED_BYTES.get(field, 1) for field in fields]
        before = [size for size, _ in heads]
        self._steps = [_TIME_BYTES + before[0], *map(sum, zip(values, before[1:], strict=False)), values[-1]]

    # For 50 metrics 12 us.
    def read(
        self, readings: MergedReadings, metrics: MergedReading, payload: bytes
    ) -> tuple[list[Value], Sequence[int]] | None:
        """Return values and times in the order of `keys`; None if the message is another one after all.

        If all times are the same there is only one, and none if no metric has one.
        """
        times: Sequence[int] = metrics.timestamp[:]
        if [len(metrics.name), len(metrics.alias), len(times), len(metrics.datatype)] != self._counts:
            return None
        steps = self._steps.copy()
        try:
            values = self._read_columns(metrics, steps)
        except ValueError:
            return None
        *positions, end = accumulate(steps)
        if end + (_SHORT_SEQ if readings.seq < _SHORT else _LONG_SEQ) != len(payload):
            return None
        if bytes([payload[position] for position in positions]) != self._tags:
            return None
        if times and times.count(times[0]) == len(times):
            times = times[:1]
        elif times:
            times = self._in_order(times)
        return values, times

    def _read_columns(self, metrics: MergedReading, steps: list[int]) -> list[Value]:
        """Return the values in the order of `keys`, and put into the steps how many bytes they have.

        Raises:
            ValueError: One of them means nothing, or there are more or fewer than there should be.
        """
        values: list[Wire | Value] = []
        for of, field, places, convert, converts in self._columns:
            read = of(metrics)[:]
            if len(read) != len(places):
                raise ValueError("a value stands in another field")
            if field == "string_value":
                for place, text in zip(places, read, strict=True):
                    steps[place + 1] += _bytes_of_text(text)
            elif field not in _FIXED_BYTES:
                for place, number in zip(places, read, strict=True):  # `_bytes_of_number`, without a call
                    steps[place + 1] += 1 if number < _SHORT else (number.bit_length() + 6) // 7  # type: ignore[operator, union-attr]  # integers
            if field == "float_value":
                values += shortest(read)  # type: ignore[arg-type]  # their field holds floats
            elif convert is not None:
                values += map(convert, read)
            elif converts:
                values += [one if how is None else how(one) for how, one in zip(converts, read, strict=True)]
            else:
                values += read
        return values  # type: ignore[return-value]  # converted, bytes are texts


class Shapes:
    """The shapes of the messages of one station, bounded; they hold until its next birth.

    Attributes:
        are_likely: Whether the next message may well have one: one of the last had.
    """

    __slots__ = ("_known", "_misses", "_sightings", "are_likely")

    def __init__(self) -> None:
        self._known: dict[Names, Shape] = {}
        self._sightings: dict[int, int] = {}
        self._misses = 0
        self.are_likely = False

    def read(
        self, names: Names, readings: MergedReadings, metrics: MergedReading, payload: bytes
    ) -> tuple[tuple[str, ...], list[Value], Sequence[int]] | None:
        """Return keys, values and times of a message, as `Shape.read` does; None if it has no shape."""
        shape = self._known.get(names)
        if shape is None:
            self._misses += 1
            self.are_likely = self._misses < _MOST_MISSES
            return None
        self._misses = 0
        found = shape.read(readings, metrics, payload)
        if found is None:
            shape.failures += 1
            return None
        shape.failures = 0
        return shape.keys, *found

    def see(self, names: Names, known: Sequence[Known], metrics: Metrics) -> None:
        """Take note of a message that was read without one."""
        shape = self._known.get(names)
        if shape is None:
            number = hash(names)
            seen = self._sightings.get(number, 0) + 1
            if seen < _SIGHTINGS or len(self._known) >= _MOST_SHAPES:
                if len(self._sightings) >= _MOST_SIGHTINGS:
                    self._sightings.clear()
                self._sightings[number] = seen
                return
        if (shape is None or shape.failures > _MOST_FAILURES) and _are_alike(metrics):
            self._known[names] = Shape(known, metrics)
        self._misses, self.are_likely = 0, bool(self._known)

    def forget(self) -> None:
        """Forget all: a birth may have given names another meaning."""
        self._known.clear()
        self._sightings.clear()
        self.are_likely = False


_WIRE_TYPES: dict[Field, int] = {
    "int_value": 0,
    "long_value": 0,
    "float_value": 5,
    "double_value": 1,
    "boolean_value": 0,
    "string_value": 2,
}


def _are_alike(metrics: Metrics) -> bool:
    """Whether either all metrics have times of their own, or none has."""
    return len({metric.HasField("timestamp") for metric in metrics}) == 1


def _head(metric: AliasReading | Reading) -> tuple[int, tuple[bool, ...]]:
    """Return how many bytes there are from the beginning of a metric to its value, and which fields these are."""
    name = metric.name if isinstance(metric, Reading) else b""
    has = (bool(name), *map(metric.HasField, ("alias", "timestamp", "datatype")))
    sizes = (_bytes_of_text(name), _bytes_of_number(metric.alias), _TIME_BYTES - 1, _bytes_of_number(metric.datatype))
    length = _bytes_of_number(metric.ByteSize())
    return 1 + length + sum(1 + size for size, is_there in zip(sizes, has, strict=True) if is_there), has


def _bytes_of_number(number: Wire) -> int:
    """Return how many bytes a number has on the wire: seven bits in each."""
    return 1 if number < _SHORT else (number.bit_length() + 6) // 7  # type: ignore[operator, union-attr]  # an integer


def _bytes_of_text(text: Wire) -> int:
    """Return how many bytes a text has on the wire, with its length."""
    size = len(text)  # type: ignore[arg-type]  # bytes
    return size + _bytes_of_number(size)
