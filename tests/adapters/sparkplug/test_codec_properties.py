"""The properties of a metric, and its metadata."""

from __future__ import annotations

import pytest

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.codec import (
    DataType,
    Engineering,
    MetaData,
    Metric,
    Payload,
    Property,
    engineering,
    quality_code,
    read,
    value_of,
    write,
)

PROPERTIES = {
    "engUnit": Property(DataType.STRING, "mm"),
    "engLow": Property(DataType.DOUBLE, -1.5),
    "engHigh": Property(DataType.INT32, 200),
    "documentation": Property(DataType.TEXT, "the spindle"),
    "Quality": Property(DataType.INT32, 192),
    "offset": Property(DataType.INT8, -3),
    "nothing": Property(DataType.INT32, None, is_null=True),
    "inner": Property(DataType.PROPERTY_SET, {"a": Property(DataType.BOOLEAN, value=True)}),
    "list": Property(DataType.PROPERTY_SET_LIST, ({"a": Property(DataType.FLOAT, 1.23)}, {})),
}


def _received(content: bytes) -> Metric:
    message = payload_pb2.Metric(name=b"x", int_value=5, properties=content)
    (metric,) = read(payload_pb2.Payload(metrics=[message]).SerializeToString()).metrics
    return metric


def test_properties_survive_the_wire() -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", value=1, properties=PROPERTIES)]))).metrics
    assert metric.properties == PROPERTIES
    assert metric.property_fault == ""


def test_unit_range_and_description_are_found_by_their_names() -> None:
    assert engineering(PROPERTIES) == Engineering("mm", -1.5, 200, "the spindle")


def test_a_limit_may_be_a_text() -> None:
    assert engineering({"engLow": Property(None, "2.5"), "engHigh": Property(None, "high")}) == Engineering(low=2.5)


def test_without_properties_nothing_is_told() -> None:
    assert (engineering({}), quality_code({})) == (Engineering(), None)


@pytest.mark.parametrize("key", ["Quality", "quality"])
def test_quality_is_found_in_either_spelling(key: str) -> None:
    assert quality_code({key: Property(DataType.INT32, 500)}) == 500


@pytest.mark.parametrize("told", [Property(DataType.STRING, "bad"), Property(DataType.INT32, None, is_null=True)])
def test_a_quality_that_is_no_number_tells_nothing(told: Property) -> None:
    assert quality_code({"Quality": told}) is None


def test_a_property_without_a_type_is_what_its_field_says() -> None:
    message = payload_pb2.PropertySet(keys=[b"Quality"], values=[payload_pb2.PropertyValue(int_value=192)])
    assert _received(message.SerializeToString()).properties == {"Quality": Property(None, 192)}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x0a\x7f", "no property set"),
        (payload_pb2.PropertySet(keys=[b"a"]).SerializeToString(), "1 keys of properties and 0 values"),
        (
            payload_pb2.PropertySet(keys=[b"a"] * 101, values=[payload_pb2.PropertyValue()] * 101).SerializeToString(),
            "at most 100",
        ),
        (payload_pb2.PropertySet(keys=[b"a" * 70_000]).SerializeToString(), "more than 65536"),
    ],
)
def test_malformed_properties_do_not_cost_the_value(content: bytes, reason: str) -> None:
    metric = _received(content)
    assert (value_of(metric), metric.fault, len(metric.properties)) == (5, "", 0)
    assert reason in metric.property_fault


def test_a_malformed_property_costs_itself_only() -> None:
    values = [payload_pb2.PropertyValue(type=3, string_value=b"x"), payload_pb2.PropertyValue(type=3, int_value=1)]
    metric = _received(payload_pb2.PropertySet(keys=[b"bad", b"good"], values=values).SerializeToString())
    assert metric.properties == {"good": Property(3, 1)}
    assert metric.property_fault == "property bad: Int32 does not stand in string_value"


def test_property_sets_are_followed_four_levels_deep() -> None:
    inner = payload_pb2.PropertySet()
    for _ in range(5):
        inner = payload_pb2.PropertySet(keys=[b"in"], values=[payload_pb2.PropertyValue(propertyset_value=inner)])
    assert "nested deeper than 4" in _received(inner.SerializeToString()).property_fault


METADATA = MetaData(True, "image/png", 3, 0, "a.png", "png", "900150983cd24fb0d6963f7d28e17f72", "a picture")  # noqa: FBT003


def test_metadata_survives_the_wire() -> None:
    (metric,) = read(write(Payload(metrics=[Metric("x", value=b"abc", metadata=METADATA)]))).metrics
    assert metric.metadata == METADATA


def test_malformed_metadata_does_not_cost_the_value() -> None:
    message = payload_pb2.Metric(int_value=5, metadata=b"\x0a\x7f")
    (metric,) = read(payload_pb2.Payload(metrics=[message]).SerializeToString()).metrics
    assert (value_of(metric), metric.metadata) == (5, MetaData())
