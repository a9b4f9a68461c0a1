"""What the value of a metric is, once its data type is known."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

import orjson

from adapters.sparkplug.arrays import read_array
from adapters.sparkplug.datatypes import ARRAYS, BINARY, DataType, type_name
from adapters.sparkplug.payload import DataSet, Metric, Template, Value
from adapters.sparkplug.scalars import convert, field_of
from adapters.sparkplug.tables import table_text

BinaryAs = Literal["base64", "size"]
"""What is told of bytes and files: all of them, or how many they are and their SHA-256."""


def value_of(metric: Metric, datatype: int | None = None, *, binary: BinaryAs = "base64") -> Value | None:
    """Return the value of a metric; None if it has none.

    Floats come as the shortest decimals that mean them, times as milliseconds since 1970, arrays and tables as JSON,
    bytes and files as text. NaN and the infinities are returned as they are.

    Args:
        metric: What `read` returned, or one whose value is what it is in Python.
        datatype: What its birth said. Only if it said nothing, what the message itself says, or else what the field
            of the value suggests, by which a negative integer is a large one.
        binary: What is told of bytes and files.

    Raises:
        ValueError: The metric has a fault, its value is none of this type, or it is a template, which has members.
    """
    if metric.fault:
        raise ValueError(metric.fault)
    raw, field = metric.value, metric.field
    if metric.is_null or raw is None:
        return None
    datatype = datatype or metric.datatype
    if not field and isinstance(raw, bytes):
        field = "bytes_value"
    match raw:
        case DataSet() if datatype in (None, DataType.UNKNOWN, DataType.DATASET):
            return table_text(raw)
        case bytes() if field == "bytes_value" and datatype in ARRAYS:
            return orjson.dumps(read_array(datatype, raw)).decode()
        case bytes() if field == "bytes_value" and (not datatype or datatype in BINARY):
            return _told_of(raw, binary)
        case Template():
            raise ValueError("a template has members and no value")
        case DataSet():
            raise ValueError(f"{type_name(datatype)} does not stand in {field}")
        case bytes():
            return convert(datatype, field, raw)
        case _:
            return convert(datatype, field or field_of(datatype, raw), raw)


def _told_of(content: bytes, binary: BinaryAs) -> str:
    if binary == "base64":
        return base64.b64encode(content).decode()
    return orjson.dumps({"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}).decode()
