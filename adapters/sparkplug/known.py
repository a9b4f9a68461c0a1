"""Metrics as a birth makes them known: what they are called, how their values are read, what they said last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.datatypes import FIELDS, DataType, Field
from adapters.sparkplug.engineering import Engineering
from adapters.sparkplug.payload import Metric, Template
from adapters.sparkplug.scalars import Conversion, conversion

Get = Callable[[payload_pb2.Reading | payload_pb2.AliasReading], bool | int | float | bytes]

_GETTERS: Mapping[Field, Get] = {
    name: attrgetter(name)
    for name in ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")
}


NO_MEANING = Engineering()


def _never(_reading: payload_pb2.Reading | payload_pb2.AliasReading) -> bytes:
    """Stand for a field that the quick way does not read."""
    return b""


@dataclass(slots=True, eq=False)
class Known:
    """A metric that a birth told, or that told itself.

    Attributes:
        name: Its name as the birth gives it; empty if it is not stored.
        key: Under which name its values are told.
        place: Words that its name gives beside that; None if the name says nothing of whose it is.
        datatype: By the birth; 0 if it told none.
        field: Where its values stand.
        get: Takes a value from there.
        convert: Makes of it what it means; None if it is that.
        is_special: Whether `convert` says what to do, or, without one, it is a 32-bit float, to be told by its
            shortest decimal.
        is_complex: Whether its values take more than that: a text of bytes, a list, a table, a template.
        members: Data types of the members of a template, by path; None if it is none.
        meaning: Unit and range, as its birth tells them.
    """

    name: str
    key: str
    place: Mapping[str, str] | None
    datatype: int
    field: Field
    get: Get
    convert: Conversion | None
    is_special: bool
    is_complex: bool
    members: dict[str, int] | None = None
    meaning: Engineering = NO_MEANING

    @property
    def slot(self) -> str:
        """What its last value is kept under: names of several machines may have one key."""
        return self.key if self.place is None else self.name

    @property
    def is_stored(self) -> bool:
        """Whether its values go to the store."""
        return bool(self.key)


class Reading(NamedTuple):
    """How values of one type that stand in one field are read; see `Known`."""

    field: Field
    get: Get
    convert: Conversion | None
    is_special: bool
    is_complex: bool


@cache
def reading_of(datatype: int, field: Field) -> Reading:
    """Return how values are read of a metric whose birth told this type, with a value in this field."""
    field = field or FIELDS.get(datatype, "")
    if datatype not in (DataType.UNKNOWN, DataType.TEMPLATE) and field in _GETTERS:
        with suppress(ValueError):  # values of this type do not stand there: the long way says so of each
            convert = conversion(datatype, field)
            is_single = field == "float_value"
            special = is_single or convert is not None
            return Reading(field, _GETTERS[field], None if is_single else convert, special, is_complex=False)
    return Reading(field, _never, None, is_special=False, is_complex=True)


def make_known(metric: Metric, key: str, place: Mapping[str, str] | None) -> Known:
    """Return a metric as its birth tells it.

    Args:
        metric: What the birth says.
        key: The name under which its values are told; empty if they are not stored.
        place: What its name says beside that.
    """
    datatype = metric.datatype or 0
    if type(metric.value) is Template:
        datatype = DataType.TEMPLATE
    elif datatype > MAX_TYPE:
        return Known(metric.name, key, place, datatype, *_UNKNOWN)
    return Known(metric.name, key, place, datatype, *reading_of(datatype, metric.field))


_UNKNOWN = Reading("", _never, None, is_special=False, is_complex=True)
MAX_TYPE = max(DataType)
"""Numbers above it are no types; they are not remembered, for there are billions."""
