"""The data types of Sparkplug B (specification, 6.4.16), by their numbers on the wire."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import Literal

Field = Literal[
    "",
    "int_value",
    "long_value",
    "float_value",
    "double_value",
    "boolean_value",
    "string_value",
    "bytes_value",
    "dataset_value",
    "template_value",
]
"""Where in a metric its value stands; empty if it has none."""


class DataType(IntEnum):
    """What a value is. Only the birth of a metric is sure to tell it."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTY_SET = 20
    PROPERTY_SET_LIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34

    @property
    def title(self) -> str:
        """The name as the specification spells it: `Int8`, `DateTimeArray`."""
        return _TITLES[self]


_TITLES = dict(
    zip(
        DataType,
        (
            *("Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double"),
            *("Boolean", "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet"),
            *("PropertySetList", "Int8Array", "Int16Array", "Int32Array", "Int64Array", "UInt8Array", "UInt16Array"),
            *("UInt32Array", "UInt64Array", "FloatArray", "DoubleArray", "BooleanArray", "StringArray"),
            "DateTimeArray",
        ),
        strict=True,
    )
)

_NAMES: dict[int, str] = {int(each): title for each, title in _TITLES.items()}

WIDTHS = MappingProxyType(
    {
        DataType.INT8: 8,
        DataType.INT16: 16,
        DataType.INT32: 32,
        DataType.INT64: 64,
        DataType.UINT8: 8,
        DataType.UINT16: 16,
        DataType.UINT32: 32,
        DataType.UINT64: 64,
        DataType.DATETIME: 64,
    }
)
"""Bits of the types that are integers."""

SIGNED = frozenset({DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64, DataType.DATETIME})
"""Those of them that can be negative; on the wire as two's complement in an unsigned field."""

TEXTS = frozenset({DataType.STRING, DataType.TEXT, DataType.UUID})
BINARY = frozenset({DataType.BYTES, DataType.FILE})
ARRAYS = frozenset(range(DataType.INT8_ARRAY, DataType.DATETIME_ARRAY + 1))

FIELDS: MappingProxyType[int, Field] = MappingProxyType(
    {
        **dict.fromkeys(WIDTHS, "int_value"),
        DataType.INT64: "long_value",
        DataType.UINT64: "long_value",
        DataType.DATETIME: "long_value",
        DataType.FLOAT: "float_value",
        DataType.DOUBLE: "double_value",
        DataType.BOOLEAN: "boolean_value",
        **dict.fromkeys(TEXTS, "string_value"),
        **dict.fromkeys(BINARY | ARRAYS, "bytes_value"),
        DataType.DATASET: "dataset_value",
        DataType.TEMPLATE: "template_value",
    }
)
"""Where the specification puts a value of each type. Many senders put UInt32 into `long_value`."""


def type_name(number: int | None) -> str:
    """Return the name of a data type, also of a number that is none."""
    if number is None:
        return "no type"
    name = _NAMES.get(number)
    return f"type {number}" if name is None else name
