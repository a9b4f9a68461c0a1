"""The properties of a metric: quality, unit, range and whatever else a device tells, read when they are asked for."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from google.protobuf.message import DecodeError

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.datatypes import DataType, Field
from adapters.sparkplug.scalars import convert

MAX_BYTES = 64 * 1024
"""Of the properties of one metric."""

MAX_PROPERTIES = 100
"""In one set."""

MAX_DEPTH = 4
"""Of sets in sets."""

PropertyContent = bool | int | float | str | Mapping[str, "Property"] | Sequence[Mapping[str, "Property"]] | None


class Property(NamedTuple):
    """One property: its data type if it has one, and its value."""

    type: int | None
    value: PropertyContent
    is_null: bool = False


class Properties(Mapping[str, Property]):
    """The properties that stand in a metric.

    Costs nothing until it is asked, and keeps no more than its own bytes.

    Args:
        content: The bytes of the property set.
    """

    __slots__ = ("_content", "_fault", "_found")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._found: dict[str, Property] | None = None
        self._fault = ""

    @property
    def fault(self) -> str:
        """Why some or all of them are missing; empty if none are."""
        self._read()
        return self._fault

    def __getitem__(self, key: str) -> Property:
        return self._read()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._read()

    def items(self) -> ItemsView[str, Property]:
        """Return all of them, by name."""
        return self._read().items()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return f"Properties({self._read()!r})"

    def _read(self) -> dict[str, Property]:
        if self._found is None:
            content, self._content = self._content, b""
            self._found, self._fault = (_remembered if len(content) <= _SHORT else _read)(content)
        return self._found


def _read(content: bytes) -> tuple[dict[str, Property], str]:
    """Return a property set, and why a part of it is missing."""
    if len(content) > MAX_BYTES:
        return {}, f"the properties have {len(content)} bytes, more than {MAX_BYTES}"
    try:
        message = payload_pb2.PropertySet.FromString(content)
    except DecodeError:
        return {}, "the properties are no property set"
    faults: list[str] = []
    return _set(message, 1, faults), "; ".join(faults)[:500]


_SHORT = 256

_remembered = lru_cache(maxsize=4096)(_read)
"""Most metrics of a machine have the properties of another: a look-up instead of 2.5 us a property."""


def _set(message: payload_pb2.PropertySet, depth: int, faults: list[str]) -> dict[str, Property]:
    keys, values = message.keys, message.values
    count = len(keys)
    if depth > MAX_DEPTH or count > MAX_PROPERTIES or count != len(values):
        faults.append(
            f"property sets nested deeper than {MAX_DEPTH}"
            if depth > MAX_DEPTH
            else f"{count} keys of properties and {len(values)} values (at most {MAX_PROPERTIES} of each)"
        )
        return {}
    found = {}
    for key, value in zip(keys, values, strict=True):
        try:
            found[key.decode()] = _property(value, depth, faults)
        except ValueError as error:
            faults.append(f"property {key.decode(errors='replace')[:100]}: {error}")
    return found


def _property(message: payload_pb2.PropertyValue, depth: int, faults: list[str]) -> Property:
    datatype = message.type if message.HasField("type") else None
    stands = message.WhichOneof("value")
    if message.is_null or stands is None:
        return Property(datatype, None, is_null=True)
    if stands == "propertyset_value":
        return Property(DataType.PROPERTY_SET, _set(message.propertyset_value, depth + 1, faults))
    if stands == "propertysets_value":
        sets = message.propertysets_value.propertyset
        if len(sets) > MAX_PROPERTIES:
            raise ValueError(f"a list of more than {MAX_PROPERTIES} property sets")
        return Property(DataType.PROPERTY_SET_LIST, tuple(_set(each, depth + 1, faults) for each in sets))
    field: Field = stands
    return Property(datatype, convert(datatype, field, getattr(message, field)))
