"""Arrays and data sets."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.codec import (
    DataSet,
    DataType,
    Limits,
    Metric,
    Payload,
    encode_array,
    read,
    read_array,
    value_of,
    write,
)


def _integers(bits: int, *, signed: bool) -> st.SearchStrategy[list[int]]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.lists(st.integers(low, high))


ELEMENTS: dict[DataType, st.SearchStrategy[Sequence[object]]] = {
    DataType.INT8_ARRAY: _integers(8, signed=True),
    DataType.INT16_ARRAY: _integers(16, signed=True),
    DataType.INT32_ARRAY: _integers(32, signed=True),
    DataType.INT64_ARRAY: _integers(64, signed=True),
    DataType.UINT8_ARRAY: _integers(8, signed=False),
    DataType.UINT16_ARRAY: _integers(16, signed=False),
    DataType.UINT32_ARRAY: _integers(32, signed=False),
    DataType.UINT64_ARRAY: _integers(64, signed=False),
    DataType.FLOAT_ARRAY: st.lists(st.integers(-(2**20), 2**20).map(lambda number: number / 4)),
    DataType.DOUBLE_ARRAY: st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    DataType.BOOLEAN_ARRAY: st.lists(st.booleans()),
    DataType.STRING_ARRAY: st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    DataType.DATETIME_ARRAY: _integers(64, signed=True),
}


@given(st.data(), st.sampled_from(sorted(ELEMENTS)))
def test_an_array_survives_the_wire(data: st.DataObject, datatype: DataType) -> None:
    elements = data.draw(ELEMENTS[datatype])
    content = encode_array(datatype, elements)  # type: ignore[arg-type]  # of the type that the datatype says
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=datatype, value=content)]))).metrics
    text = value_of(metric)
    assert isinstance(text, str)
    assert json.loads(text) == elements


def test_booleans_begin_at_the_highest_bit() -> None:
    booleans = [False, False, True, True, False, True, False, False, True, True, False, True]
    assert encode_array(DataType.BOOLEAN_ARRAY, booleans) == b"\x0c\0\0\0\x34\xd0"


def test_numbers_have_their_lowest_byte_first() -> None:
    assert read_array(DataType.INT16_ARRAY, b"\xd0\x8a\x30\x75") == (-30_000, 30_000)


def test_an_int8_of_minus_23_is_e9() -> None:
    assert encode_array(DataType.INT8_ARRAY, [-23]) == b"\xe9"


def test_a_last_text_without_its_zero_is_read() -> None:
    assert list(read_array(DataType.STRING_ARRAY, b"ABC\0hello")) == ["ABC", "hello"]


def test_texts_may_be_empty() -> None:
    assert list(read_array(DataType.STRING_ARRAY, b"\0\0")) == ["", ""]


def test_a_float_in_an_array_is_its_shortest_decimal() -> None:
    assert read_array(DataType.FLOAT_ARRAY, struct.pack("<f", 1.23)) == [1.23]


def test_nan_in_an_array_is_null() -> None:
    metric = Metric(datatype=DataType.DOUBLE_ARRAY, value=struct.pack("<2d", float("nan"), 1), field="bytes_value")
    assert value_of(metric) == "[null,1.0]"


@pytest.mark.parametrize(
    ("datatype", "content"),
    [
        (DataType.INT16_ARRAY, b"\0"),
        (DataType.DOUBLE_ARRAY, b"\0" * 12),
        (DataType.BOOLEAN_ARRAY, b"\x01\0"),
        (DataType.BOOLEAN_ARRAY, b"\x09\0\0\0\xff"),
        (DataType.BOOLEAN_ARRAY, b"\x01\0\0\0\xff\xff"),
        (DataType.BOOLEAN_ARRAY, b"\xff\xff\xff\xff"),
        (DataType.STRING_ARRAY, b"\xff\0"),
    ],
)
def test_bytes_that_are_no_array_are_refused(datatype: DataType, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"BooleanArray|are no|codec"):
        value_of(Metric(datatype=datatype, value=content, field="bytes_value"))


@pytest.mark.parametrize(
    ("datatype", "elements"),
    [
        (DataType.INT8_ARRAY, [200]),
        (DataType.INT8_ARRAY, ["x"]),
        (DataType.FLOAT_ARRAY, [1e300]),
        (DataType.STRING_ARRAY, ["a\0b"]),
        (DataType.INT8, [1]),
    ],
)
def test_what_is_no_element_is_not_written(datatype: DataType, elements: list[int | float | str]) -> None:
    with pytest.raises(ValueError, match=r"this is no|zero byte|is no array"):
        encode_array(datatype, elements)


TABLE = DataSet(
    ["small", "large", "single", "name", "on", "when"],
    [DataType.INT8, DataType.UINT64, DataType.FLOAT, DataType.STRING, DataType.BOOLEAN, DataType.DATETIME],
    [(-3, 2**64 - 1, 1.23, "é", True, 5), (None, None, None, None, None, None)],
)


def test_a_table_survives_the_wire() -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=DataType.DATASET, value=TABLE)]))).metrics
    assert metric.value == TABLE


def test_a_table_becomes_its_rows_by_column() -> None:
    text = value_of(Metric(datatype=DataType.DATASET, value=TABLE, field="dataset_value"))
    assert isinstance(text, str)
    assert json.loads(text) == [
        {"small": -3, "large": 2**64 - 1, "single": 1.23, "name": "é", "on": True, "when": 5},
        dict.fromkeys(TABLE.columns),
    ]


def _fault_of(table: payload_pb2.DataSet) -> str:
    message = payload_pb2.Payload(
        metrics=[
            payload_pb2.Metric(name=b"table", dataset_value=table.SerializeToString()),
            payload_pb2.Metric(name=b"next", int_value=5),
        ]
    )
    broken, whole = read(message.SerializeToString()).metrics
    assert (broken.name, broken.value, value_of(whole)) == ("table", None, 5)
    with pytest.raises(ValueError, match="dataset_value"):
        value_of(broken)
    return broken.fault


def _row(*numbers: int) -> payload_pb2.Row:
    return payload_pb2.Row(elements=[payload_pb2.DataSetValue(int_value=number) for number in numbers])


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (payload_pb2.DataSet(num_of_columns=3, columns=[b"a", b"b"], types=[1, 1]), "3 columns with 2 names"),
        (payload_pb2.DataSet(columns=[b"a", b"b"], types=[1]), "2 names and 1 types"),
        (payload_pb2.DataSet(columns=[b"a", b"a"], types=[1, 1]), "two columns of one name"),
        (payload_pb2.DataSet(columns=[b"a"], types=[19]), "cannot be of Template"),
        (payload_pb2.DataSet(columns=[b"a"], types=[1], rows=[_row(1, 2)]), "a row of 2 cells"),
        (payload_pb2.DataSet(columns=[b"a"], types=[12], rows=[_row(1)]), "String does not stand in int_value"),
        (payload_pb2.DataSet(columns=[b"\xff"], types=[1]), "utf-8"),
        (payload_pb2.DataSet(rows=[_row()]), "no columns"),
    ],
)
def test_a_malformed_table_costs_its_metric_only(table: payload_pb2.DataSet, reason: str) -> None:
    assert reason in _fault_of(table)


def test_a_table_of_too_many_bytes_costs_its_metric_only() -> None:
    assert "more than 1048576" in _fault_of(payload_pb2.DataSet(columns=[b"x" * 2**20], types=[1]))


def test_tables_share_what_a_payload_may_have_of_cells() -> None:
    table = DataSet(["a", "b"], [DataType.INT8, DataType.INT8], [(1, 2)] * 3)
    first, second = read(write(Payload(metrics=[Metric(value=table)] * 2)), Limits(cells=11)).metrics
    assert (first.value, second.fault) == (table, "its dataset_value: more than 5 cells")
