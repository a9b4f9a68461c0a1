"""Data sets: tables as values, in protobuf and as JSON."""

from __future__ import annotations

import orjson

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.datatypes import FIELDS, DataType, Field, type_name
from adapters.sparkplug.payload import Cell, DataSet
from adapters.sparkplug.scalars import convert, on_the_wire


def read_table(content: bytes, max_cells: int) -> DataSet:
    """Return the data set of these bytes.

    Raises:
        ValueError: It is none: columns, types and cells do not agree, or a cell is no value of its column's type. Or it
            has more than `max_cells`.
    """
    message = payload_pb2.DataSet.FromString(content)
    columns = [name.decode() for name in message.columns]
    types = list(message.types)
    told = message.num_of_columns if message.HasField("num_of_columns") else len(columns)
    if not len(columns) == len(types) == told:
        raise ValueError(f"a data set of {told} columns with {len(columns)} names and {len(types)} types")
    if len(set(columns)) != len(columns):
        raise ValueError("a data set with two columns of one name")
    for datatype in types:
        if not DataType.INT8 <= datatype <= DataType.UUID:
            raise ValueError(f"a column of a data set cannot be of {type_name(datatype)}")
    if message.rows and not columns:
        raise ValueError("a data set of rows and no columns")
    if len(message.rows) * len(columns) > max_cells:
        raise ValueError(f"more than {max_cells} cells")
    rows = []
    for row in message.rows:
        if len(row.elements) != len(columns):
            raise ValueError(f"a row of {len(row.elements)} cells in a data set of {len(columns)} columns")
        rows.append(tuple(map(_cell, types, row.elements)))
    return DataSet(columns, types, rows)


def table_text(table: DataSet) -> str:
    """Return the rows as JSON, each an object by the names of its columns; null where there is no number to write."""
    return orjson.dumps([dict(zip(table.columns, row, strict=True)) for row in table.rows]).decode()


def table_message(table: DataSet, *, extended: bool) -> payload_pb2.DataSet:
    """Return a data set for the wire; `extended` as in `on_the_wire`.

    Raises:
        ValueError: A cell is no value of its column's type.
    """
    message = payload_pb2.DataSet(
        num_of_columns=len(table.columns), columns=[name.encode() for name in table.columns], types=table.types
    )
    for row in table.rows:
        elements = message.rows.add().elements
        for datatype, cell in zip(table.types, row, strict=True):
            element = elements.add()
            if cell is not None:
                raw = on_the_wire(datatype, cell, extended=extended)
                setattr(element, FIELDS[datatype], raw.encode() if isinstance(raw, str) else raw)
    return message


def _cell(datatype: int, element: payload_pb2.DataSetValue) -> Cell:
    field: Field | None = element.WhichOneof("value")
    return None if field is None else convert(datatype, field, getattr(element, field))
