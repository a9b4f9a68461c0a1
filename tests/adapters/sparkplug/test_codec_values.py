"""What stands on the wire, and what it means by its data type."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sparkplug.codec import (
    BINARY,
    DataType,
    Field,
    Metric,
    Payload,
    SignedAs,
    Template,
    UInt32As,
    Value,
    conversion,
    convert,
    read,
    type_name,
    value_of,
    write,
)
from adapters.sparkplug.datatypes import SIGNED, WIDTHS


def _integers(datatype: DataType) -> st.SearchStrategy[Value]:
    width = WIDTHS[datatype]
    return (
        st.integers(-(2 ** (width - 1)), 2 ** (width - 1) - 1) if datatype in SIGNED else st.integers(0, 2**width - 1)
    )


_texts = st.text(st.characters(exclude_categories=["Cs"]))

VALUES: st.SearchStrategy[tuple[DataType, Value]] = st.one_of(
    *(st.tuples(st.just(datatype), _integers(datatype)) for datatype in WIDTHS),
    st.tuples(st.just(DataType.DOUBLE), st.floats(allow_nan=False)),
    st.tuples(st.just(DataType.FLOAT), st.floats(width=32, allow_nan=False, allow_subnormal=False)),
    st.tuples(st.just(DataType.BOOLEAN), st.booleans()),
    st.tuples(st.sampled_from([DataType.STRING, DataType.TEXT, DataType.UUID]), _texts),
)


@given(VALUES, st.sampled_from(["width", "extended"]), st.sampled_from(["int", "long"]))
def test_a_value_survives_the_wire(case: tuple[DataType, Value], signed: SignedAs, uint32: UInt32As) -> None:
    datatype, value = case
    written = write(Payload(metrics=[Metric("x", datatype=datatype, value=value)]), signed=signed, uint32=uint32)
    (metric,) = read(written).metrics
    found = value_of(metric)
    if datatype == DataType.FLOAT:
        assert found is not None
        assert struct.pack("<f", found) == struct.pack("<f", value + 0.0 if isinstance(value, float) else value)
    else:
        assert (found, type(found)) == (value, type(value))


@given(VALUES)
def test_a_message_without_types_is_read_by_the_type_of_the_birth(case: tuple[DataType, Value]) -> None:
    datatype, value = case
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=datatype, value=value)]), datatypes=False)).metrics
    assert metric.datatype is None
    found = value_of(metric, datatype)
    assert found == (pytest.approx(value, rel=1e-6) if datatype == DataType.FLOAT else value)


@given(st.binary(max_size=200), st.sampled_from(sorted(BINARY)))
def test_bytes_become_base64(content: bytes, datatype: int) -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=datatype, value=content)]))).metrics
    assert metric.value == content
    assert isinstance(value_of(metric), str)


def test_bytes_can_be_told_by_size_and_digest() -> None:
    told = value_of(Metric(datatype=DataType.FILE, value=b"abc", field="bytes_value"), binary="size")
    assert isinstance(told, str)
    assert json.loads(told) == {
        "size": 3,
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }


@pytest.mark.parametrize(
    ("datatype", "field", "raw", "value"),
    [
        (DataType.INT8, "int_value", 253, -3),
        (DataType.INT8, "int_value", 65_533, -3),
        (DataType.INT8, "int_value", 4_294_967_293, -3),
        (DataType.INT8, "long_value", 2**64 - 3, -3),
        (DataType.INT8, "int_value", 127, 127),
        (DataType.INT8, "int_value", 128, -128),
        (DataType.INT16, "int_value", 65_236, -300),
        (DataType.INT32, "int_value", 4_294_967_284, -12),
        (DataType.INT32, "long_value", 2**64 - 12, -12),
        (DataType.INT64, "long_value", 2**64 - 5, -5),
        (DataType.INT64, "int_value", 5, 5),
        (DataType.UINT8, "int_value", 253, 253),
        (DataType.UINT32, "int_value", 4_294_967_295, 4_294_967_295),
        (DataType.UINT32, "long_value", 4_294_967_295, 4_294_967_295),
        (DataType.UINT32, "long_value", 2**64 - 1, 4_294_967_295),
        (DataType.UINT64, "long_value", 2**64 - 1, 2**64 - 1),
        (DataType.UINT64, "int_value", 7, 7),
        (DataType.DATETIME, "long_value", 0, 0),
        (DataType.DATETIME, "long_value", 2**64 - 1, -1),
        (DataType.BOOLEAN, "int_value", 1, True),
        (DataType.BOOLEAN, "long_value", 0, False),
        (DataType.DOUBLE, "float_value", 1.2300000190734863, 1.23),
        (DataType.FLOAT, "double_value", 1.23, 1.23),
        (DataType.TEXT, "string_value", "", ""),
    ],
)
def test_senders_differ_and_mean_the_same(datatype: int, field: Field, raw: Value, value: Value) -> None:
    found = value_of(Metric(value=raw, field=field), datatype)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("datatype", "field", "raw", "reason"),
    [
        (DataType.INT32, "string_value", "12", "Int32 does not stand in string_value"),
        (DataType.STRING, "int_value", 12, "String does not stand in int_value"),
        (DataType.DOUBLE, "int_value", 12, "Double does not stand in int_value"),
        (DataType.INT32, "double_value", 1.5, "Int32 does not stand in double_value"),
        (DataType.INT32, "bytes_value", b"\x01", "Int32 does not stand in bytes_value"),
        (DataType.INT8_ARRAY, "int_value", 1, "Int8Array does not stand in int_value"),
        (DataType.DATASET, "string_value", "x", "DataSet does not stand in string_value"),
        (DataType.INT32, "template_value", Template(()), "a template has members and no value"),
        (DataType.PROPERTY_SET, "int_value", 1, "PropertySet does not stand in int_value"),
        (99, "int_value", 1, "type 99 does not stand in int_value"),
        (DataType.INT8, "int_value", 300, "300 is no Int8"),
        (DataType.UINT8, "int_value", 256, "256 is no UInt8"),
        (DataType.BOOLEAN, "int_value", 2, "2 is no Boolean"),
        (DataType.INT64, "int_value", 2**32 - 5, "may be negative or not"),
    ],
)
def test_what_is_no_value_of_its_type_is_refused(datatype: int, field: Field, raw: Value, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        value_of(Metric(value=raw, field=field), datatype)


def test_the_type_of_the_birth_counts_more_than_that_of_the_message() -> None:
    metric = Metric(datatype=DataType.UINT32, value=4_294_967_284, field="int_value")
    assert value_of(metric, DataType.INT32) == -12


@pytest.mark.parametrize("datatype", [None, DataType.UNKNOWN])
@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("int_value", 4_294_967_284, 4_294_967_284),
        ("float_value", 1.2300000190734863, 1.23),
        ("double_value", 1.5, 1.5),
        ("boolean_value", True, True),
        ("string_value", "x", "x"),
        ("bytes_value", b"x", "eA=="),
    ],
)
def test_without_any_type_the_field_decides(datatype: int | None, field: Field, raw: Value, value: Value) -> None:
    assert value_of(Metric(value=raw, field=field), datatype) == value


def test_null_wins_over_a_value() -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=DataType.INT32, value=5, is_null=True)]))).metrics
    assert (metric.value, metric.is_null, value_of(metric)) == (5, True, None)


def test_an_unset_value_is_null_and_can_be_told_from_one_that_says_so() -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=DataType.INT32)]))).metrics
    assert (metric.field, metric.is_null, value_of(metric)) == ("", False, None)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("datatype", [DataType.FLOAT, DataType.DOUBLE])
def test_what_is_no_number_is_passed_on(datatype: DataType, number: float) -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", datatype=datatype, value=number)]))).metrics
    assert value_of(metric) == pytest.approx(number, nan_ok=True)


def test_a_text_may_still_be_bytes() -> None:
    assert convert(DataType.STRING, "string_value", "é".encode()) == "é"


def test_what_needs_no_conversion_says_so() -> None:
    assert conversion(DataType.DOUBLE, "double_value") is None


def test_types_are_named_as_in_the_specification() -> None:
    assert [type_name(number) for number in (1, 8, 15, 34, 35, None)] == [
        "Int8",
        "UInt64",
        "UUID",
        "DateTimeArray",
        "type 35",
        "no type",
    ]
